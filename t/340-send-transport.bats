#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-send: what SMTP servers and sendmail programs say, and what is told.

load lib/common
load lib/send

setup_file() {
	send_pki alice bob carol dave erin no later nobody
}

setup() {
	send_home
	mkdir peer
}

teardown() {
	local p
	for p in ${PIDS:-}; do
		kill "$p" 2>/dev/null && wait "$p"
	done || :
}

# peer [MODE]: a server; $URL is where, what it takes goes to peer/.
peer() {
	local i
	need python3
	rm -f peer/*
	python3 "$MS_TOP/t/lib/smtp-peer" peer "$@" </dev/null >peer.log 2>&1 \
		3>&- &
	PIDS="${PIDS:-} $!"
	for i in $(seq 100); do
		[ -s peer/port ] && break
		sleep 0.1
	done
	URL=smtp://127.0.0.1:$(cat peer/port)
}

# taken N: so many messages were accepted.
taken() {
	local n
	n=$(find peer -name '*.eml' | wc -l)
	[ "$n" = "$1" ] || { echo "$n messages taken, wanted $1"; return 1; }
}

# plain TO [FIELD...]: a message to them.
plain() {
	local to=$1
	shift
	printf '%s\n' 'From: alice@x.example' "To: $to" "$@" '' 'The text.'
}

@test "SMTP: envelopes are right, the copies open" {
	peer
	run_out ms-send --transport "$URL" -t < <(message)
	exits 0
	taken 3
	printf '%s\n' '<alice@x.example>' bob@x.example carol@x.example |
		cmp - peer/1.env
	printf '%s\n' '<alice@x.example>' dave@x.example | cmp - peer/2.env
	printf '%s\n' '<alice@x.example>' erin@x.example | cmp - peer/3.env
	opens carol peer/1.eml
	not opens carol peer/2.eml
	opens dave peer/2.eml
	openssl cms -verify -in clear -CAfile "$F/ca.pem" 2>/dev/null |
		grep -q 'The text.'
	not grep -qv $'\r$' peer/1.eml
}

@test "SMTP: the envelope sender of -f, and the null sender" {
	peer
	run_out ms-send --transport "$URL" -f bounce@x.example bob@x.example \
		< <(plain bob@x.example)
	exits 0
	[ "$(head -n 1 peer/1.env)" = '<bounce@x.example>' ]
	run_out ms-send --transport "$URL" -f '<>' bob@x.example \
		< <(plain bob@x.example)
	exits 0
	[ "$(head -n 1 peer/2.env)" = '<>' ]
}

@test "SMTP: one refused for good stops the copy: 1" {
	peer
	run_out ms-send --transport "$URL" --report rep -t \
		< <(plain 'bob@x.example, no@x.example' 'Bcc: dave@x.example')
	exits 1
	taken 0
	err_has 'no@x.example: failed: 5.1.1 no such user'
	grep -q '^bob@x.example	deferred	not sent: another' rep
	grep -q '^dave@x.example	deferred	not sent' rep
}

@test "SMTP: one refused for now stops the copy: 75" {
	peer
	run_out ms-send --transport "$URL" -t \
		< <(plain 'bob@x.example, later@x.example' 'Bcc: dave@x.example')
	exits 75
	taken 0
	err_has 'later@x.example: deferred: 4.2.1 grey'
	err_has 'nobody has received it'
}

@test "SMTP: --partial goes on for the others" {
	peer
	run_out ms-send --transport "$URL" --partial --report rep -t \
		< <(plain 'bob@x.example, no@x.example, later@x.example' \
			'Bcc: nobody@x.example, dave@x.example')
	exits 1
	taken 2
	[ "$(sed -n 2p peer/1.env)" = bob@x.example ]
	[ "$(sed -n 2p peer/2.env)" = dave@x.example ]
	[ "$(cut -f1,2 rep | tr '\t\n' '  ')" = "bob@x.example sealed\
 no@x.example failed later@x.example deferred nobody@x.example failed\
 dave@x.example sealed " ]
}

@test "SMTP: what failed after somebody got it is 1, and told" {
	peer
	run_out ms-send --transport "$URL" --report rep -t \
		< <(plain bob@x.example 'Bcc: later@x.example, dave@x.example')
	exits 1
	taken 2
	err_has 'later@x.example: deferred: 4.2.1 grey'
	err_has '1 of 3 recipients have not received it'
}

@test "SMTP: down, and broken off in the message: 75" {
	run_out ms-send --transport smtp://127.0.0.1:1 -t \
		< <(plain bob@x.example)
	exits 75
	err_has 'bob@x.example: deferred'
	peer drop
	run_out ms-send --transport "$URL" -t < <(plain bob@x.example)
	exits 75
	taken 0
	err_has 'bob@x.example: deferred'
}

@test "SMTP: refused at the end of the message" {
	peer end554
	run_out ms-send --transport "$URL" -t < <(plain bob@x.example)
	exits 1
	err_has 'bob@x.example: failed: not that'
	peer end451
	run_out ms-send --transport "$URL" -t < <(plain bob@x.example)
	exits 75
	err_has 'bob@x.example: deferred: not that'
}

@test "the next transport is tried when nothing was taken" {
	peer end451
	run_out ms-send --transport "$URL" --transport maildir:md -t \
		< <(plain bob@x.example)
	exits 0
	copies md 1
	peer end554
	run_out ms-send --transport "$URL" --transport maildir:md2 -t \
		< <(plain bob@x.example)
	exits 1
	[ ! -e md2 ]
}

@test "no other transport is tried when the server may have taken it" {
	peer lost
	run_out ms-send --transport "$URL" --transport maildir:md -t \
		< <(plain bob@x.example)
	exits 75
	err_has 'may have been accepted'
	[ ! -e md ]
}

@test "SMTP: a server that takes 100 recipients at once gets them in turns" {
	local n
	peer few
	mkdir certs
	for n in $(seq 120); do
		echo "u$n@x.example"
	done >list
	printf '%s\n' keyUsage=critical,digitalSignature,keyAgreement \
		"subjectAltName=$(sed 's/^/email:/' list | paste -sd,)" >ext
	openssl x509 -req -in "$F/bob.csr" -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial 77 -days 20 -extfile ext -out certs/all.pem \
		2>/dev/null
	run_out ms-send --transport "$URL" --source dir:certs -t \
		< <(plain "$(paste -sd, list)")
	exits 0
	taken 2
	tail -qn +2 peer/1.env peer/2.env | cmp - list
}

@test "SMTP: a password goes nowhere without TLS, nor into a URI" {
	echo geheim >pw
	chmod 600 pw
	printf '%s\n' 'transport = smtp://alice:geheim@127.0.0.1' \
		>>"$MAILSEAL_HOME/mailseal.conf"
	run_out ms-send -t < <(plain bob@x.example)
	exits 64
	err_has 'a password does not belong into a URI'
	run_out ms-send -t --passphrase-file smtp=pw \
		--transport smtp://alice@127.evil.invalid:1 \
		< <(plain bob@x.example)
	exits 75
}

@test "SMTP over TLS: only a server that --smtp-ca vouches for" {
	echo subjectAltName=IP:127.0.0.1 >ext
	openssl x509 -req -in "$F/bob.csr" -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial 78 -days 20 -extfile ext -out tls.pem 2>/dev/null
	cat "$F/bob.key" tls.pem >tls.id
	peer tls tls.id
	run_out ms-send --transport "smtps${URL#smtp}" -t \
		< <(plain bob@x.example)
	exits 77
	err_has 'bob@x.example: deferred'
	taken 0
	run_out ms-send --transport "smtps${URL#smtp}" -t \
		--smtp-ca "$F/ca.pem" < <(plain bob@x.example)
	exits 0
	taken 1
}

@test "postfix's smtp-sink takes it" {
	local port
	need smtp-sink
	need python3
	port=$(python3 -c 'import socket; s = socket.socket()
s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	chmod 777 peer
	chmod a+x "$BATS_TEST_TMPDIR"
	if [ "$(id -u)" = 0 ]; then
		set -- -u nobody
	fi
	(cd peer && exec smtp-sink "$@" -d '%M.' "127.0.0.1:$port" 10 \
		</dev/null >../sink.log 2>&1 3>&-) &
	PIDS=$!
	for _ in $(seq 50); do
		(: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break
		sleep 0.1
	done
	run_out ms-send --transport "smtp://127.0.0.1:$port" -t < <(message)
	exits 0
	[ "$(grep -l '^X-Rcpt-Args: <dave@x.example>' peer/* | wc -l)" = 1 ]
	[ "$(grep -c '^X-Rcpt-Args' "$(grep -l bob@x.example peer/* |
		xargs grep -l '^X-Rcpt-Args: <bob@')")" = 2 ]
	sed '/^X-/d' "$(grep -l '^X-Rcpt-Args: <erin@' peer/*)" >copy
	opens erin copy
}

# program CODE: a sendmail that keeps what it gets and exits so.
program() {
	printf '%s\n' '#!/bin/sh' "printf '%s\n' \"\$@\" >$PWD/args" \
		"cat >$PWD/mail" "exit $1" >prog
	chmod +x prog
}

@test "sendmail: arguments, line ends, exit codes" {
	program 0
	run_out ms-send --transport "sendmail:$PWD/prog" -t \
		< <(plain 'bob@x.example, carol@x.example')
	exits 0
	printf '%s\n' -i -f alice@x.example -- bob@x.example carol@x.example |
		cmp - args
	not grep -q $'\r' mail
	opens bob mail
	program 75
	run_out ms-send --transport "sendmail:$PWD/prog" -t \
		< <(plain bob@x.example)
	exits 75
	program 67
	run_out ms-send --transport "sendmail:$PWD/prog" -t \
		< <(plain bob@x.example)
	exits 1
	err_has 'refused it with exit code 67'
	run_out ms-send --transport sendmail:/no/such -t \
		< <(plain bob@x.example)
	exits 69
}

@test "sendmail: one that dies, or does not read, has sent nothing" {
	printf '%s\n' '#!/bin/sh' 'kill -9 $$' >prog
	chmod +x prog
	run_out ms-send --transport "sendmail:$PWD/prog" -t \
		< <(plain bob@x.example)
	exits 75
	err_has 'killed by signal 9'
	head -c 1000000 /dev/urandom >big
	printf '%s\n' '#!/bin/sh' 'exit 0' >prog
	run_out ms-send --transport "sendmail:$PWD/prog" -s x -a big \
		--from alice@x.example bob@x.example < <(echo x)
	exits 75
	err_has 'ended without reading the message'
}
