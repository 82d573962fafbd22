#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-send: composing, sealing a copy for each, refusing; into a Maildir.

load lib/common
load lib/send

setup_file() {
	send_pki alice bob carol dave erin
}

setup() {
	send_home
}

@test "a composed message arrives whole, as openssl reads it" {
	head -c 100000 /dev/urandom >notice.pdf
	echo 'Grüße' >body
	to_maildir --from 'Alice <alice@x.example>' -s 'Bescheid für Sie' \
		-a notice.pdf bob@x.example <body
	exits 0
	[ ! -s out ] && [ ! -s err ]
	copies md 1
	opens bob md/new/*
	openssl cms -verify -in clear -CAfile "$F/ca.pem" -out inner \
		2>/dev/null
	grep -q 'filename="\?notice.pdf' inner
	opens alice md/new/*
	ms-decrypt --key "$F/bob.key" --cert "$F/bob.pem" md/new/* >signed
	run_out ms-verify signed
	exits 0
	grep -q 'good	alice@x.example' out
	ms-verify -x signed >content
	ms-verify --part notice.pdf signed >got
	cmp got notice.pdf
	grep -q '^Subject: =?' md/new/*
	grep -q '^Date: ' md/new/*
	grep -q '^Message-ID: <.*@x.example>' md/new/*
}

@test "HTML, Reply-To, further fields" {
	echo '<p>hello</p>' >a.html
	to_maildir --from alice@x.example --html a.html \
		--reply-to 'Bureau <alice@x.example>' \
		--header 'X-Case: 2026/417' bob@x.example < <(echo hello)
	exits 0
	grep -q '^X-Case: 2026/417' md/new/*
	grep -q '^Reply-To: Bureau <alice@x.example>' md/new/*
	opens bob md/new/*
	grep -q multipart/alternative clear
}

@test "To and Cc share a copy, each Bcc gets its own" {
	to_maildir -t < <(message)
	exits 0
	copies md 3
	copy_for bob carol
	copy_for dave
	copy_for erin
	not copy_for bob
}

@test "nobody can tell who got a blind copy" {
	to_maildir -t < <(message)
	exits 0
	# the bodies are base64, in which any short word may stand
	heads md/new/*
	not grep -iq -e '^bcc' -e dave -e erin heads
	opens bob "$(copy_for bob carol)"
	openssl cms -verify -in clear -CAfile "$F/ca.pem" -out inner \
		2>/dev/null
	not grep -iq -e bcc -e dave -e erin inner
	rm -r md
	to_maildir --from alice@x.example -s x --bcc dave@x.example \
		bob@x.example < <(echo x)
	exits 0
	copy_for bob
	copy_for dave
	heads md/new/*
	not grep -iq -e '^bcc' -e dave heads
}

@test "an operand that no field shows gets a copy of its own" {
	to_maildir bob@x.example dave@x.example < <(message)
	exits 0
	copies md 2
	copy_for bob
	copy_for dave
}

@test "who is named twice gets one copy, the visible one" {
	to_maildir -t bob@X.EXAMPLE < <(message 'Cc: bob@x.example')
	exits 0
	copies md 3
	copy_for bob carol
}

@test "--no-self: the sender cannot open it" {
	to_maildir --no-self --from alice@x.example -s x \
		bob@x.example < <(echo x)
	exits 0
	[ "$(rcptinfos md/new/*)" = 1 ]
	not opens alice md/new/*
}

@test "--cipher is obeyed; AES-256-CBC without" {
	to_maildir --from alice@x.example -s x bob@x.example < <(echo x)
	openssl cms -cmsout -print -noout -in md/new/* | grep -q aes-256-cbc
	rm -r md
	to_maildir --cipher aes-128-gcm --from alice@x.example \
		-s x bob@x.example < <(echo x)
	exits 0
	openssl cms -cmsout -print -noout -in md/new/* | grep -q aes-128-gcm
}

@test "AES-256-GCM for a copy whose readers all list it" {
	mkdir certs
	printf '%s\n' keyUsage=critical,digitalSignature,keyAgreement \
		subjectAltName=email:gina@x.example \
		1.2.840.113549.1.9.15=DER:300d300b060960864801650304012e >ext
	openssl req -new -key "$F/bob.key" -subj /CN=gina |
		openssl x509 -req -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-days 20 -extfile ext -out certs/gina@x.example.pem 2>/dev/null
	cp "$F/certs/carol@x.example.pem" certs
	to_maildir --source dir:certs --no-self --from alice@x.example -s x \
		--bcc gina@x.example carol@x.example < <(echo x)
	exits 0
	copies md 2
	for x in md/new/*; do
		openssl cms -cmsout -print -noout -in "$x" |
			grep -o 'aes-256-[gc][cb][mc]'
	done | sort >ciphers
	printf '%s\n' aes-256-cbc aes-256-gcm | cmp - ciphers
}

@test "one without a certificate stops all, with 1" {
	to_maildir -t --report rep < <(message 'Cc: frank@x.example')
	exits 1
	err_has 'frank@x.example: refused: no certificate'
	err_has 'nothing was sent: 1 of 5 recipients'
	[ ! -e md ]
	grep -q '^bob@x.example	deferred	not sent' rep
	grep -q '^frank@x.example	refused	' rep
}

@test "--partial sends to the others" {
	to_maildir -t --partial --json < <(message 'Cc: frank@x.example')
	exits 1
	err_has '1 of 5 recipients have not received it'
	copies md 3
	copy_for bob carol
	grep -q '"address":"frank@x.example","state":"refused"' out
	grep -q '"type":"delivery","address":"bob@x.example","state":"sealed"' \
		out
}

@test "a look-up without an answer is 75, never a no" {
	run_out ms-send --transport \
		maildir:md -t --source "dir:$BATS_TEST_TMPDIR/away" \
		< <(message 'Cc: frank@x.example')
	exits 75
	err_has 'bob@x.example: deferred'
	[ ! -e md ]
}

@test "no timestamp authority answers: 75, nothing leaves" {
	to_maildir -t --tsa http://127.0.0.1:1/ < <(message)
	exits 75
	err_has 'no timestamp authority answered'
	[ ! -e md ]
	to_maildir -t --partial --tsa http://127.0.0.1:1/ < <(message)
	exits 75
	[ ! -e md ]
}

@test "--dry-run decides and sends nothing" {
	to_maildir -t --dry-run < <(message)
	exits 0
	grep -q '^dave@x.example	ready	-$' out
	[ ! -e md ]
	to_maildir -t --dry-run --partial < <(message 'Cc: frank@x.example')
	exits 1
	err_has '1 of 5 recipients would not receive it'
	[ ! -e md ]
}

@test "a signer that is not From is refused" {
	to_maildir -t --identity "$F/bob.id" < <(message)
	exits 66
	err_has 'no certificate in force to sign as alice@x.example'
	[ ! -e md ]
}

@test "From's own keys go before the configured identity" {
	ms-id import "$F/bob.id" --no-passphrase
	run_out ms-send --transport maildir:md -t < <(printf '%s\n' \
		'From: bob@x.example' 'To: carol@x.example' '' x)
	exits 0
	ms-decrypt --key "$F/carol.key" --cert "$F/carol.pem" md/new/* |
		ms-verify >rep
	grep -q 'good	bob@x.example' rep
	[ "$(rcptinfos md/new/*)" = 2 ]
	rm -r md
	to_maildir -t < <(message)
	exits 0
}

@test "several From are refused" {
	to_maildir -t < <(message 'From: bob@x.example')
	exits 65
	err_has 'RFC 5322 section 3.6: 2 From fields'
	run_out ms-send --transport maildir:md -t < <(message |
		sed 's/^From:.*/From: alice@x.example, bob@x.example/')
	exits 65
	err_has 'From names 2 mailboxes'
	[ ! -e md ]
}

refused65() {
	to_maildir --from alice@x.example -s x "$@" < <(echo x)
	exits 65 && [ ! -e md ] || { printf '%q ' "$@"; return 1; }
}
@test "line ends in addresses and values are refused, always" {
	refused65 $'bob@x.example\nBcc: eve@x.example'
	refused65 $'bob@x.example\r\n RCPT' bob@x.example
	refused65 --cc $'carol@x.example\nBcc: eve@x' bob@x.example
	refused65 --bcc $'dave@x.example,\n erin@x.example' bob@x.example
	refused65 -s $'a\nBcc: eve@x.example' bob@x.example
	refused65 -s $'a\rBcc: eve@x.example' bob@x.example
	refused65 --header $'X: a\nBcc: eve@x.example' bob@x.example
	refused65 --header $'X\n: a' bob@x.example
	refused65 -f $'alice@x.example>\nRCPT TO:<eve@x.example' bob@x.example
	refused65 --from $'alice@x.example\nX: y' bob@x.example
	refused65 -F $'A\nBcc: eve@x.example' bob@x.example
	run_out ms-send --transport maildir:md -t < <(message | tr l '\0')
	exits 65
}

@test "--header may not bring what an option makes" {
	to_maildir --from alice@x.example -s x \
		--header 'Bcc: dave@x.example' bob@x.example < <(echo x)
	exits 64
	err_has 'made by an option of its own'
	to_maildir --from alice@x.example -s x \
		--header 'Content-Type: text/html' bob@x.example < <(echo x)
	exits 64
}

@test "what is no message is 65, with a hint" {
	to_maildir bob@x.example < <(printf 'just text\n')
	exits 65
	err_has 'hint: stdin is taken as a whole message'
	to_maildir bob@x.example < <(printf '\ntext\n')
	exits 65
	err_has 'RFC 5322 section 2.1: stdin has no header block'
	to_maildir -t </dev/null
	exits 65
	err_has 'did the program before it fail?'
	[ ! -e md ]
}

@test "nobody to send to, nobody to send as, nowhere to" {
	to_maildir < <(message)
	exits 64
	err_has 'no recipients'
	to_maildir -t < <(printf 'To: bob@x.example\n\nx\n')
	exits 78
	err_has 'nobody to send as'
	run_out ms-send -t < <(message)
	exits 78
	err_has 'nowhere to hand messages on to'
	run_out ms-send -t --transport pigeon:home < <(message)
	exits 64
	[ ! -e md ]
}

@test "names without a domain: aliases, then the domain, then 78" {
	local m='From: alice\nTo: root, Bob <bob>\n\nx\n'
	# shellcheck disable=SC2059
	to_maildir -t < <(printf "$m")
	exits 78
	err_has 'no e-mail address'
	printf '%s\n' '# who' 'root: carol@x.example' >aliases
	# shellcheck disable=SC2059
	to_maildir -t --aliases aliases < <(printf "$m")
	exits 78
	# shellcheck disable=SC2059
	to_maildir -t --aliases aliases --domain x.example < <(printf "$m")
	exits 0
	copies md 1
	grep -q '^From: alice@x.example' md/new/*
	grep -q '^To: carol@x.example, Bob <bob@x.example>' md/new/*
}

@test "a full disk leaves nothing" {
	[ -w /dev/shm ] || skip "no /dev/shm"
	head -c 3000000 /dev/urandom >big
	echo x >body
	run_out bash -c 'ulimit -f 100; trap "" XFSZ; exec ms-send \
		--transport maildir:md --from alice@x.example -s x -a big \
		bob@x.example <body'
	exits 75
	err_has 'bob@x.example: deferred'
	copies md 0
}

@test "100 recipients share one copy" {
	local i
	mkdir certs
	for i in $(seq 100); do
		echo "u$i@x.example"
	done >list
	printf '%s\n' keyUsage=critical,digitalSignature,keyAgreement \
		"subjectAltName=$(sed 's/^/email:/' list | paste -sd,)" >ext
	openssl x509 -req -in "$F/bob.csr" -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial 77 -days 20 -extfile ext -out certs/all.pem \
		2>/dev/null
	xargs -a list ms-send --transport maildir:md --source dir:certs \
		--from alice@x.example -s x --report rep <"$F/ext"
	copies md 1
	[ "$(rcptinfos md/new/*)" = 2 ]
	[ "$(grep -c '	sealed	-$' rep)" = 100 ]
	cut -f1 rep | cmp - list
}
