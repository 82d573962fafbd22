#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# How the code is written, and proof that the lints can see it.

load ../lib/common

setup() {
	ms_home
	cd "$MS_TOP" || return
	L=$MS_TOP/t/lint
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree/lib/addr" "$tree/cmd" "$tree/t"
}

# sees LINT TEXT: the lint over the tree fails and names TEXT.
sees() {
	run "$L/$1" "$tree"
	echo "$output"
	[ "$status" -ne 0 ] && [[ $output == *"$2"* ]]
}

@test "no banned function is called" {
	"$L/banned"
}

@test "banned sees functions, comments and typedefs, but not in strings" {
	printf '%s\n' 'int f(char *p) { return strcmp (p, "x"); }' \
		>"$tree/lib/addr/a.c"
	sees banned 'lib/addr/a.c:1: strcmp() is banned'
	echo 'int n; // x' >"$tree/lib/addr/a.c"
	sees banned 'comments are /* */'
	echo 'typedef struct x x;' >"$tree/lib/addr/a.c"
	sees banned 'a struct has no typedef'
	echo 'char s[] = "sprintf("; /* gmtime( */' >"$tree/lib/addr/a.c"
	"$L/banned" "$tree"
}

@test "one SPDX line heads every file" {
	"$L/spdx"
}

@test "spdx sees a file without it" {
	echo 'int n;' >"$tree/lib/addr/a.c"
	sees spdx 'lib/addr/a.c: no SPDX line'
}

@test "files, functions and lines keep to their sizes" {
	"$L/sizes"
}

@test "sizes sees long files, functions and lines" {
	seq -f 'int n%g;' 501 >"$tree/lib/addr/a.c"
	sees sizes 'lib/addr/a.c: 501 lines, at most 500'
	{ echo 'int'; echo 'f(void)'; echo '{'; seq -f '	g(%g);' 59
		echo '}'; } >"$tree/lib/addr/a.c"
	sees sizes 'f() has 61 lines, at most 60'
	printf '\t%073d\n' 0 >"$tree/lib/addr/a.c"
	sees sizes 'lib/addr/a.c:1: wider than 80 columns'
	echo 'int n; ' >"$tree/lib/addr/a.c"
	sees sizes 'blanks at the end'
	mkdir "$tree/t/lint"
	echo 'lib/addr/gone.c 600 it was long' >"$tree/t/lint/sizes.except"
	sees sizes 'lib/addr/gone.c is no longer there'
}

@test "every line of a test can fail" {
	"$L/able"
}

@test "able sees one that cannot" {
	mkdir -p "$tree/t"
	printf '@test "x" {\n\t! true\n}\n' >"$tree/t/x.bats"
	sees able 't/x.bats:2: a bare ! fails no test'
}
