#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manual pages, --help, the configuration keys and the completions say
# the same.

load ../lib/common

setup() {
	ms_home
	cd "$MS_TOP" || return
	L=$MS_TOP/t/lint
}

@test "manual pages are clean mdoc" {
	need mandoc
	mandoc -T lint -W warning man/*.[1578]
}

@test "manual pages only point at pages that exist" {
	local rc=0 name section
	while read -r name section; do
		[ -e "man/$name.$section" ] ||
			{ echo "no man/$name.$section"; rc=1; }
	done < <(sed -nE 's/^\.Xr (ms-[a-z]+|mailseal[.a-z]*) ([1578]).*/\1 \2/p' \
		man/*.[1578] | sort -u)
	return $rc
}

@test "options in --help, manual page and table are the same" {
	"$L/options" "$MS_BUILD/bin"
}

@test "configuration keys are the programs' long options" {
	"$L/keys" "$MS_BUILD/bin"
}

@test "every program has a manual page, a README row and a test" {
	"$L/complete"
}

@test "every program has completions that load" {
	need zsh
	need fish
	local src p
	for src in cmd/ms-*.c; do
		[ -e "$src" ] || continue
		p=$(basename "$src" .c)
		completions/generate "$BATS_TEST_TMPDIR/bash/$p"
		completions/generate "$BATS_TEST_TMPDIR/zsh/_$p"
		completions/generate "$BATS_TEST_TMPDIR/fish/$p.fish"
		bash -n "$BATS_TEST_TMPDIR/bash/$p"
		# shellcheck disable=SC2016
		bash -c '. "$1"; complete -p "$2"; COMP_WORDS=("$2" --hel)
			COMP_CWORD=1; "_${2//-/_}"
			[ "${COMPREPLY[*]}" = --help ]' \
			_ "$BATS_TEST_TMPDIR/bash/$p" "$p"
		zsh -n "$BATS_TEST_TMPDIR/zsh/_$p"
		fish -n "$BATS_TEST_TMPDIR/fish/$p.fish"
	done
}

@test "keys sees what is missing, too much, unsorted or of two shapes" {
	local t=$BATS_TEST_TMPDIR/tree
	mkdir -p "$t/cmd" "$t/man" "$t/bin" "$t/lib/cli"
	: >"$t/cmd/ms-x.c"
	printf '#!/bin/sh\nprintf "a\\t-\\t-\\t-\\tkey\\tflag\\n"\n' >"$t/bin/ms-x"
	chmod +x "$t/bin/ms-x"
	echo '.It Cm a' >"$t/man/mailseal.conf.5"
	keys_c() {
		printf '%s\n' 'static const char *const keys[] = {' "$@" '};' \
			'static const char *const progs[] = {' \
			'	"ms-x"' '};' >"$t/lib/cli/keys.c"
	}
	keys_c '	"a"'
	"$L/keys" "$t/bin" "$t"
	keys_c '	"b"'
	run "$L/keys" "$t/bin" "$t"
	[ "$status" -ne 0 ]
	[[ $output == *'missing in lib/cli/keys.c, keys[]: a'* ]]
	keys_c '	"a",' '	"b"'
	run "$L/keys" "$t/bin" "$t"
	[ "$status" -ne 0 ]
	[[ $output == *'keys[], and nowhere else: b'* ]]
	keys_c '	"a"'
	: >"$t/man/mailseal.conf.5"
	run "$L/keys" "$t/bin" "$t"
	[ "$status" -ne 0 ]
	[[ $output == *'lacks .It Cm a'* ]]
	: >"$t/cmd/ms-y.c"
	printf '#!/bin/sh\nprintf "a\\t-\\tX\\t-\\tkey\\tlist\\n"\n' >"$t/bin/ms-y"
	chmod +x "$t/bin/ms-y"
	run "$L/keys" "$t/bin" "$t"
	[ "$status" -ne 0 ]
	[[ $output == *'key a is not of one shape'* ]]
	[[ $output == *'progs[]: ms-y'* ]]
}

@test "options sees one that the manual page lacks, and one too many" {
	local t=$BATS_TEST_TMPDIR/tree
	mkdir -p "$t/cmd" "$t/man" "$t/bin" "$t/completions"
	cp completions/generate "$t/completions"
	: >"$t/cmd/ms-x.c"
	cat >"$t/bin/ms-x" <<-'END'
	#!/bin/sh
	if [ "$1" = --help ]; then
		printf '  -o, --output FILE  x\n      --[no-]json  y\n'
	else
		printf 'output\to\tFILE\t-\tkey\tvalue\njson\t-\t-\t-\toption\tflag\n'
	fi
	END
	chmod +x "$t/bin/ms-x"
	printf '.It Fl o , Fl -output Ar FILE\nx\n.It Fl -json\ny\n' \
		>"$t/man/ms-x.1"
	"$L/options" "$t/bin" "$t"
	printf '.It Fl -output Ar FILE\nx\n.It Fl Fl extra\ny\n' >"$t/man/ms-x.1"
	run "$L/options" "$t/bin" "$t"
	[ "$status" -ne 0 ]
	[[ $output == *'ms-x: in --help, not in man: json -'* ]]
	[[ $output == *'ms-x: in --help, not in man: output o'* ]]
	[[ $output == *'ms-x: in man, not in --help: extra -'* ]]
}
