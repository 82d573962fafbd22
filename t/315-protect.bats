#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Header protection (RFC 9788): the copy inside, and what is said of it.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert alice alice@a.example p256 digitalSignature
	smime_cert bob bob@b.example rsa keyEncipherment
	smime_mail >plain.eml
	{
		printf '%s\n' 'Received: from x by y; z' 'Bcc: secret@s.example'
		cat plain.eml
	} >mail.eml
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
}

# What openssl says was signed, with LF.
signed_entity() {
	openssl cms -verify -in "$1" -CAfile "$F/ca.pem" -binary 2>err |
		tr -d '\r'
}

lacks() {
	if grep "$@"; then return 1; fi
}

notes() {
	run_out ms-verify --trust "$F/ca.pem" --json --report r.json "$1"
}

@test "the copy is inside, and the outer header keeps its bytes" {
	local o
	for o in --no-opaque --opaque; do
		ms-sign -i "$F/alice.pem" $o --protect-headers clear \
			"$F/mail.eml" >s.eml
		sed '/^Content-/,$d' "$F/mail.eml" >want
		head -n "$(wc -l <want)" s.eml | cmp - want
		signed_entity s.eml >got
		{
			sed -n '/^Content-Type/{s/$/;/p;}' "$F/plain.eml"
			echo ' hp="clear"'
			sed -n '/^Content-Tr/p' "$F/plain.eml"
			sed '/^Content-/,$d' "$F/plain.eml"
			sed -n '/^$/,$p' "$F/plain.eml"
		} | cmp - got
		notes s.eml
		exits 0
		grep -q '"headers-protected"' r.json
		grep -q '5 header fields are signed too' r.json
	done
}

@test "Bcc and what servers add is never inside" {
	ms-sign -i "$F/alice.pem" --protect-headers cipher "$F/mail.eml" >s.eml
	signed_entity s.eml >got
	grep -q '^Subject: a notice' got
	lacks -i 'bcc\|secret\|received' got
}

@test "cipher tells the outer fields; it survives encryption" {
	ms-sign -i "$F/alice.pem" --protect-headers cipher "$F/plain.eml" \
		>s.eml
	signed_entity s.eml >got
	grep -q '^ hp="cipher"' got
	grep -q '^HP-Outer: Subject: a notice$' got
	[ "$(grep -c '^HP-Outer: ' got)" = 5 ]
	ms-encrypt -r "$F/bob.crt" s.eml | ms-decrypt -i "$F/bob.pem" >d.eml
	notes d.eml
	exits 0
	grep -q '"headers-protected"' r.json
	# what became of it on the way
	sed '1,/^$/s/^Subject: .*/Subject: [...]/' s.eml >hidden.eml
	notes hidden.eml
	exits 0
	grep -q 'Subject is not the one that was signed' r.json
}

@test "what was altered outside is told; refolding is not" {
	ms-sign -i "$F/alice.pem" --protect-headers clear "$F/plain.eml" >s.eml
	sed '1,/^$/s/^Subject: .*/Subject: [list] a notice/' s.eml >list.eml
	notes list.eml
	exits 0
	grep -q '"header-altered"' r.json
	grep -q "Subject is not the one that was signed, 'a notice'" r.json
	lacks '"headers-protected"' r.json
	sed '1,/^$/s/^Subject: a /Subject: a\n /' s.eml >folded.eml
	notes folded.eml
	exits 0
	lacks '"header-altered"' r.json
	sed '1,/^$/{/^X-Other/d;}' s.eml >less.eml
	notes less.eml
	grep -q 'X-Other is not the one that was signed' r.json
	sed '1,/^$/s/^From: .*/From: mallory@m.example/' s.eml >from.eml
	notes from.eml
	exits 1
	grep -q '"from-protected"' r.json
}

@test "no copy without the option, nor around what is signed already" {
	ms-sign -i "$F/alice.pem" "$F/plain.eml" >n.eml
	ms-sign -i "$F/alice.pem" --protect-headers no "$F/plain.eml" >s.eml
	signed_entity n.eml >a
	signed_entity s.eml | cmp - a
	lacks 'Subject\|hp=' a
	notes s.eml
	lacks 'headers-protected\|header-altered' r.json
	ms-sign -i "$F/alice.pem" --protect-headers clear s.eml >twice.eml
	signed_entity twice.eml >got
	lacks 'Subject\|hp=' got
}

@test "types of every shape take the parameter, or are refused" {
	local t
	for t in 'text/plain;' 'text/plain (a; comment)' 'text/html; x="a;b"' \
		'text/plain; hpx=1'; do
		printf 'From: alice@a.example\nTo: b@b.example\n%s\n\nx\n' \
			"Content-Type: $t" >in
		ms-sign -i "$F/alice.pem" --protect-headers clear in >s.eml
		notes s.eml
		exits 0
		grep -q '"headers-protected"' r.json
	done
	printf 'From: alice@a.example\nTo: b@b.example\n\nx\n' >in
	ms-sign -i "$F/alice.pem" --protect-headers clear in >s.eml
	signed_entity s.eml >got
	grep -q '^Content-Type: text/plain; hp="clear"$' got
	printf '%s\n' 'From: alice@a.example' 'To: b@b.example' \
		'Content-Type: text/plain; hp=clear' '' x >in
	run_out ms-sign -i "$F/alice.pem" --protect-headers clear in
	exits 65
	err_has 'RFC 9788 section 2.1: the message says already'
	out_empty
	sed 's/hp=clear/hp=what/' in >odd
	ms-sign -i "$F/alice.pem" odd >s.eml
	notes s.eml
	exits 0
	lacks 'headers-protected\|header-altered' r.json
}

@test "a huge header is protected whole" {
	{
		printf 'From: alice@a.example\nTo: b@b.example\nX-Long: '
		printf '%0990d\n' 7
		seq -f 'X-Field-%.0f: v' 3000
		printf '\nx\n'
	} >in
	ms-sign -i "$F/alice.pem" --protect-headers cipher in >s.eml
	signed_entity s.eml >got
	grep -q '^X-Field-3000: v' got
	[ "$(wc -L <got)" -le 998 ]
	notes s.eml
	exits 0
	grep -q '3003 header fields are signed too' r.json
	sed '1,/^$/s/^X-Field-\(.*\): v/X-Field-\1: w/' s.eml >bad.eml
	notes bad.eml
	exits 0
	[ "$(grep -o '"header-altered"' r.json | wc -l)" = 16 ]
}

@test "what another composer hid is read, and HP-Outer stays inside" {
	printf '%s\n' 'Content-Type: text/plain; hp="cipher"' \
		'From: alice@a.example' 'To: bob@b.example' \
		'Subject: the real one' 'HP-Outer: From: alice@a.example' \
		'HP-Outer: To: bob@b.example' 'HP-Outer: Subject: [...]' \
		'' text | sed 's/$/\r/' >in
	openssl cms -sign -binary -in in -signer "$F/alice.crt" \
		-inkey "$F/alice.key" -from alice@a.example \
		-to bob@b.example -subject '[...]' -out s.eml
	notes s.eml
	exits 0
	grep -q '"headers-protected"' r.json
	lacks '"header-altered"' r.json
	sed '1,/^$/s/^Subject: .*/Subject: pay now/' s.eml >bad.eml
	notes bad.eml
	grep -q "Subject is not the one that was signed, 'the real one'" r.json
	openssl cms -encrypt -aes-256-gcm -in in -from alice@a.example \
		-to bob@b.example -subject '[...]' -out e.eml "$F/bob.crt"
	run_out ms-decrypt -i "$F/bob.pem" e.eml
	exits 0
	grep -q '^Subject: the real one' out
	lacks 'HP-Outer' out
}
