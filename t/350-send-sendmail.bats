#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-send where sendmail stands: what its callers say, replayed.

load lib/common
load lib/send

setup_file() {
	send_pki alice bob carol
}

setup() {
	send_home
	echo 'transport = maildir:md' >>"$MAILSEAL_HOME/mailseal.conf"
	mkdir bin
	ln -s "$MS_BUILD/bin/ms-send" bin/sendmail
	ln -s "$MS_BUILD/bin/ms-send" bin/mailq
	ln -s "$MS_BUILD/lib" lib
}

# as ARG...: sendmail, and one copy was delivered for bob and alice.
as() {
	rm -rf md
	run_out bin/sendmail "$@"
	exits 0 && [ ! -s err ] && copies md 1 && opens bob md/new/*
}

mail() {
	printf '%s\n' 'From: Alice <alice@x.example>' 'To: bob@x.example' \
		'Subject: hi' '' 'one' '.' 'three'
}

@test "cron" {
	printf 'domain = x.example\n' >>"$MAILSEAL_HOME/mailseal.conf"
	as -FCronDaemon -i -B8BITMIME -oem bob < <(printf '%s\n' \
		'From: "(Cron Daemon)" <alice>' 'To: bob' \
		'Subject: Cron <alice@host> true' 'MIME-Version: 1.0' \
		'Content-Type: text/plain; charset=UTF-8' \
		'Content-Transfer-Encoding: 8bit' '' 'Grüße')
	grep -qF 'From: "(Cron Daemon)" <alice@x.example>' md/new/*
	openssl cms -verify -in clear -CAfile "$F/ca.pem" 2>/dev/null |
		grep -q Gr
}

@test "busybox cron" {
	printf '%s\n' 'domain = x.example' 'from = alice@x.example' \
		>>"$MAILSEAL_HOME/mailseal.conf"
	as -ti < <(printf '%s\n' 'To: bob' 'Subject: cron: true' '' 'done')
	grep -q '^From: alice@x.example' md/new/*
}

@test "mutt and neomutt" {
	as -oem -oi -f alice@x.example -- bob@x.example < <(mail)
	as -oem -oi -f alice@x.example -N failure,delay -R hdrs -- \
		bob@x.example < <(mail)
}

@test "s-nail" {
	as -i -- bob@x.example < <(mail)
	as -i -f alice@x.example -- bob@x.example < <(mail)
}

@test "git send-email" {
	as -i bob@x.example < <(mail)
	as -f alice@x.example -i bob@x.example < <(mail)
}

@test "mblaze" {
	as -t < <(mail)
	as -- bob@x.example < <(mail)
}

@test "a lone dot does not end the input" {
	as -t < <(mail)
	openssl cms -verify -in clear -CAfile "$F/ca.pem" 2>/dev/null |
		tr -d '\r' | grep -qx three
	as bob@x.example < <(mail)
	openssl cms -verify -in clear -CAfile "$F/ca.pem" 2>/dev/null |
		tr -d '\r' | grep -qx three
}

@test "flags that are taken and change nothing" {
	as -Am -C /etc/mail/sendmail.cf -h 3 -L tag -m -n -O DeliveryMode=b \
		-U -X log -G -V id -bm -v -oQ/x -r alice@x.example \
		bob@x.example < <(mail)
}

@test "operands add to -t" {
	rm -rf md
	run_out bin/sendmail -t carol@x.example < <(mail)
	exits 0
	copies md 2
}

@test "what is another program's job is 64, with a hint" {
	local f
	for f in -bp -bs -bd -bi -q -q30m; do
		run_out bin/sendmail "$f" < <(mail)
		exits 64
		err_has 'hint: '
	done
	run_out bin/mailq </dev/null
	exits 64
	err_has 'keeps no queue'
	[ ! -e md ]
}

@test "-h is not --help" {
	as -h 3 -t < <(mail)
	[ ! -s out ]
}
