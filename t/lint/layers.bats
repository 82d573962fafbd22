#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What keeps the areas apart, and proof that the lints can see it.

load ../lib/common

setup() {
	ms_home
	cd "$MS_TOP" || return
	L=$MS_TOP/t/lint
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/lib/base" "$tree/lib/addr" "$tree/lib/net" \
		"$tree/lib/cli" "$tree/cmd" "$tree/t"
	cp Makefile "$tree"
}

# sees LINT ARGS... -- TEXT: the lint fails and names TEXT.
sees() {
	local args=()
	while [ "$1" != -- ]; do args+=("$1"); shift; done
	run "${args[@]}"
	echo "$output"
	[ "$status" -ne 0 ] && [[ $output == *"$2"* ]]
}

@test "includes follow the arrows, and third-party headers their areas" {
	"$L/arrows"
}

@test "arrows sees an include against the arrows" {
	echo '#include "net/net.h"' >"$tree/lib/addr/a.c"
	sees "$L/arrows" "$tree" -- 'no arrow from addr to net'
}

@test "arrows sees a private header, a foreign library, an unknown area" {
	echo '#include "base/internal.h"' >"$tree/lib/addr/a.c"
	sees "$L/arrows" "$tree" -- 'is private to base'
	echo '#include <curl/curl.h>' >"$tree/lib/addr/a.c"
	sees "$L/arrows" "$tree" -- '<curl/curl.h> is not known here'
	echo '#include <openssl/evp.h>' >"$tree/cmd/ms-x.c"
	sees "$L/arrows" "$tree" -- 'cmd/ms-x.c:1: <openssl/evp.h>'
	mkdir "$tree/lib/odd"
	echo >"$tree/lib/odd/odd.c"
	sees "$L/arrows" "$tree" -- 'lib/odd: not in AREAS'
}

@test "the library never prints, exits, reads the environment, takes signals" {
	"$L/purity" "$MS_BUILD/lib"
}

@test "purity sees each of them" {
	local call
	mkdir -p "$tree/obj/lib/addr"
	for call in 'puts("x")' 'fputs("x", stderr)' 'exit(1)' 'abort()' \
		'getenv("X")' 'signal(2, 0)' '_exit(1)'; do
		printf '%s\n' '#include <signal.h>' '#include <stdio.h>' \
			'#include <stdlib.h>' '#include <unistd.h>' \
			"void f(void) { $call; }" >"$tree/a.c"
		cc -c -w -fno-builtin -o "$tree/obj/lib/addr/a.o" "$tree/a.c"
		PURITY_ANY=1 sees "$L/purity" "$tree/obj" -- "a.c: ${call%%(*}"
	done
}

@test "each header compiles alone" {
	"$L/headers"
}

@test "headers sees one that does not" {
	echo 'size_t f(void);' >"$tree/lib/base/x.h"
	sees "$L/headers" "$tree" -- 'size_t'
}
