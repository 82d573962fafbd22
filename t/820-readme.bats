#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What README.md and mailseal(7) show, and the examples of manual pages that
# need a whole house around them, works as it is written.

load lib/common

setup() {
	ms_home
	house
	# who hands on from the pipes of the pages
	mkdir bin
	printf '#!/bin/sh\n[ "$*" = -t ] && cat >"%s/handed-on"\n' "$PWD" \
		>bin/sendmail
	chmod +x bin/sendmail
	PATH=$PWD/bin:$PATH
}

teardown() {
	house_end
}

# is_sealed FILE: Ana reads it, and the tax office signed it at a time.
is_sealed() {
	ms-decrypt "$1" | ms-verify >report
	grep -q '^-	good	tax@agency.example	20[^	]*Z	' report
}

@test "README: the pipes" {
	local n
	# one file for each block of commands under the heading
	awk '/^## / { on = $0 == "## In a pipe" }
		on && /^    / { if (!in_block) n++; in_block = 1
			print substr($0, 5) > ("block" n); next }
		{ in_block = 0 }' "$MS_TOP/README.md"
	[ "$(echo block*)" = 'block1 block2 block3 block4' ]
	try block1
	is_sealed handed-on
	grep -q '^Content-Type: application/pkcs7-mime' handed-on
	mv handed-on mail.eml
	try block2
	grep -q '^-	good	tax@agency.example	20' out
	try block3
	is_sealed Maildir/new/*
	ms-decrypt Maildir/new/* | ms-verify --part notice.pdf >got.pdf
	cmp got.pdf notice.pdf
	cp report.ods before
	try block4
	cmp report.ods before
	ms-id export --into pem --no-passphrase -o both.pem ana@citizen.example
	openssl cms -cmsout -inform DER -in report.p7m -print | grep -q enveloped
}

@test "README: every program has its row, and every row its program" {
	diff <(sed -n 's/^| \[\(ms-[a-z]*\)\](man.*/\1/p' "$MS_TOP/README.md" |
		sort) <(basename -s .c "$MS_TOP"/cmd/ms-*.c | sort)
	local f
	for f in $(grep -o '](\([A-Za-z/.0-9-]*\))' "$MS_TOP/README.md" |
		tr -d '()]'); do
		[ -e "$MS_TOP/$f" ] || { echo "no $f"; return 1; }
	done
}

@test "mailseal(7): the pipes" {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$MS_TOP/man/mailseal.7" |
		awk '/^\.Ed/ { on = 0 } on { print > ("block" n) }
			/^\.Bd -literal/ { on = 1; n++ }'
	[ "$(echo block*)" = 'block1 block2' ]
	try block1
	is_sealed handed-on
	mv handed-on mail.eml
	try block2
	grep -q '^Hello\.' out
}

@test "the examples of ms-send(1)" {
	examples ms-send.1 >run
	try run
	set -- Maildir/new/*
	[ $# = 2 ]
	is_sealed "$1"
	is_sealed "$2"
	grep -q '^ana@citizen.example	ready' out
}

@test "the examples of ms-tsa(1)" {
	examples ms-tsa.1 >run
	try run
	grep -q '^notice.pdf	good	' out
	grep -q '^Verification: OK$' err out
}

@test "the examples of ms-tsad(8)" {
	local i
	echo >tsa.pass
	chmod 600 tsa.pass
	ms-ca issue --key-type p256 --usage tsa --subject T --p12 tsa.p12 \
		--no-passphrase
	# the first is the authority itself, which runs until it is ended
	examples ms-tsad.8 | sed 's/^"\\ \\ \(.*\)"$/\1/' >all
	sed -n '1s/^\(.*:\)3161\(.*\)/exec \10\2 --clock trust/p' all >first
	[ -s first ]
	(. ./first) </dev/null >first.log 2>&1 3>&- &
	for i in $(seq 100); do
		! grep -q 'listening on 127' first.log || break
		sleep 0.1
	done
	grep -q 'listening on 127' first.log
	kill $!
	sed '1d; s/--once/--once --clock trust/' all >rest
	try rest
	openssl ts -verify -in notice.tsr -data notice.pdf -CAfile ca.pem
}

@test "every example of a manual page is run by a test" {
	local page tests
	mapfile -t tests < <(grep -l 'EXAMPLES\|examples' "$MS_TOP"/t/*.bats)
	for page in "$MS_TOP"/man/*.[178]; do
		page=$(basename "$page")
		[ -z "$(examples "$page")" ] || grep -qE \
			"(examples |/man/)$page|for m in .*${page%.?}\b" \
			"${tests[@]}" || {
			echo "no test runs the examples of $page"
			return 1
		}
	done
}
