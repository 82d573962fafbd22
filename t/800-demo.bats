#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The demonstration is what a newcomer sees first: it works, it leaves
# nothing behind, and it does not hide a step that failed.

load lib/common

setup() {
	ms_home
	export MS_BIN=$MS_BUILD/bin
}

demo() {
	run_out "$MS_TOP/contrib/demo/run" "$@"
	[ -z "$(ls -A "$TMPDIR")" ] || { echo 'files are left'; return 1; }
	! pgrep -f "ms-tsad .*--ready-file tsad[.]at" -s 0 >/dev/null ||
		{ echo 'ms-tsad is left'; return 1; }
}

# stub PROGRAM LINE: it does only that, in the demonstration.
stub() {
	mkdir -p stub
	printf '#!/bin/sh\n%s\n' "$2" >"stub/$1"
	chmod +x "stub/$1"
	MS_BIN=$PWD/stub:$MS_BUILD/bin
}

# Keys that are made at once, where the demonstration's own are not the point.
quick() {
	rm -rf stub
	stub ms-ca "case \$1 in issue) set -- \"\$@\" --key-type p256;; esac
exec '$MS_BUILD/bin/ms-ca' \"\$@\""
}

@test "the notice goes out, comes in, and is the same" {
	demo
	exits 0
	[ ! -s err ]
	grep -q "^    ana@citizen.example	sealed	-" out
	grep -q "^    -	good	tax-office@agency.example	20.*Z	b-t	-" out
	grep -q '^    the same, byte for byte$' out
	grep -q '^    CMS Verification successful$' out
	grep -q '^    (exit status 65)$' out
	not grep -q "$MS_TOP" out
}

@test "any document will do, whatever its name" {
	quick
	mkdir 'my documents'
	head -c 100000 /dev/urandom >"my documents/-straße \$x'.pdf"
	demo "my documents/-straße \$x'.pdf"
	exits 0
	grep -q '^    the same, byte for byte$' out
}

@test "a document that is not there" {
	demo nothing.pdf
	exits 66
	err_has nothing.pdf
}

@test "a step that fails ends it, and says so" {
	local p
	for p in ms-ca ms-tsad; do
		quick
		stub $p 'echo broken >&2; exit 74'
		demo
		[ "$status" -ne 0 ]
		err_has 'a step failed'
	done
}

@test "a step that does nothing is found out" {
	local p
	for p in ms-send ms-verify; do
		quick
		stub $p 'exit 0'
		demo
		[ "$status" -ne 0 ]
		err_has 'a step failed'
	done
}
