#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Keys and passphrases in the keyring of the desktop, with gnome-keyring on a
# session bus of the test's own.

load lib/common
load lib/authority

setup_file() {
	need openssl
	cd "$BATS_FILE_TMPDIR" || return
	a_ca ca
	a_cert ca ana ana@a.example both
	echo geheim >pw
	chmod 600 pw
	openssl pkcs12 -export -in ana.pem -inkey ana.key -certfile ca.pem \
		-passout file:pw -out ana.p12
	printf 'a file\n' >plain
	printf '%s\r\n' 'From: ana@a.example' 'To: bob@b.example' \
		'Date: Sun, 1 Feb 2026 00:00:00 +0000' 'Subject: x' '' \
		'hello' >mail.eml
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	PW="--passphrase-file $F/pw"
	unset XDG_RUNTIME_DIR
}

# desktop SCRIPT: run it (bash, -e) where a keyring is unlocked
desktop() {
	need dbus-run-session
	need gnome-keyring-daemon
	need secret-tool
	mkdir -p -m 700 run
	cat >script <<-END
	set -euo pipefail
	printf keyring | gnome-keyring-daemon --unlock \\
		--components=secrets --daemonize >daemon.env
	$1
	END
	XDG_RUNTIME_DIR=$PWD/run timeout 60 dbus-run-session -- \
		bash script 3>&-
}

@test "put an identity into the keyring, sign and decrypt with it" {
	ms-id import $PW "$F/ana.p12"
	ms-encrypt -r "$F/ana.pem" --no-self -o e.p7m "$F/plain"
	run_out desktop "
		ms-id export $PW --into keyring ana@a.example
		ms-sign -i keyring:ana@a.example $F/mail.eml >signed.eml
		ms-decrypt -i keyring:ana@a.example e.p7m >opened
		ms-encrypt -r $F/ca.pem -i keyring:ana@a.example \
			$F/plain >self.p7m || :
		secret-tool search --all application mailseal >items 2>&1"
	exits 0
	out_empty
	cmp opened "$F/plain"
	run_out ms-verify --trust "$F/ca.pem" signed.eml
	exits 0
	[ "$(grep -c '^attribute.kind = identity' items)" = 1 ]
	grep -q '^attribute.address = ana@a.example' items
	# again it takes the place of the first, and can be found by NAME
	name=$(ms-id list | cut -f1)
	run_out desktop "
		ms-id export $PW --into keyring ana@a.example
		ms-id export $PW --into keyring $name
		secret-tool search --all application mailseal >items 2>&1"
	exits 0
	[ "$(grep -c '^attribute.kind = identity' items)" = 1 ]
}

@test "from the keyring into the store" {
	ms-id import $PW "$F/ana.p12"
	run_out desktop "
		ms-id export $PW --into keyring ana@a.example
		rm -r $MAILSEAL_HOME/data
		ms-id import --passphrase-file export=$F/pw \
			keyring:ana@a.example"
	exits 0
	run_out ms-sign $PW -i ana@a.example "$F/mail.eml"
	exits 0
}

@test "no such key; no address" {
	run_out desktop "ms-sign -i keyring:bob@b.example $F/mail.eml"
	exits 66
	out_empty
	err_has 'keyring:bob@b.example: no such key in the keyring'
	err_has 'hint: ms-id export --into keyring'
	run_out ms-sign -i keyring:nobody "$F/mail.eml"
	exits 65
	err_has keyring:nobody
}

@test "a locked keyring is not waited for" {
	ms-id import $PW "$F/ana.p12"
	run_out desktop "
		ms-id export $PW --into keyring ana@a.example
		secret-tool lock 2>/dev/null || dbus-send --session \
			--dest=org.freedesktop.secrets --print-reply \
			/org/freedesktop/secrets \
			org.freedesktop.Secret.Service.Lock \
			array:objpath:/org/freedesktop/secrets/collection/login \
			>/dev/null
		ms-sign -i keyring:ana@a.example $F/mail.eml"
	exits 77
	out_empty
	err_has 'the keyring is locked'
	err_has 'hint: '
}

@test "passphrases come from the keyring where there is a session bus" {
	ms-id import $PW "$F/ana.p12"
	run_out desktop "
		printf geheim | secret-tool store --label=x \
			application mailseal what key who ana@a.example
		setsid -w ms-sign $F/mail.eml >signed.eml"
	exits 0
	run_out ms-verify --trust "$F/ca.pem" signed.eml
	exits 0
	# what was named goes before it
	echo wrong >bad
	chmod 600 bad
	run_out desktop "
		printf geheim | secret-tool store --label=x \
			application mailseal what key who ana@a.example
		setsid -w ms-sign --passphrase-file bad $F/mail.eml"
	exits 77
	out_empty
	# one that is not there: nobody to ask
	run_out desktop "secret-tool clear application mailseal
		setsid -w ms-sign $F/mail.eml"
	exits 77
	err_has 'nobody to ask'
}

@test "without a session bus: 69 at once, and passphrases as ever" {
	local d
	for d in '' "unix:path=$PWD/gone"; do
		run_out env ${d:+"DBUS_SESSION_BUS_ADDRESS=$d"} timeout 10 \
			ms-sign -i keyring:ana@a.example "$F/mail.eml"
		exits 69
		out_empty
		err_has 'no keyring can be reached'
		err_has 'hint: a keyring lives on the session bus'
	done
	ms-id import $PW "$F/ana.p12"
	run_out setsid -w ms-sign "$F/mail.eml"
	exits 77
	err_has 'nobody to ask'
	run_out env DBUS_SESSION_BUS_ADDRESS="unix:path=$PWD/gone" \
		setsid -w timeout 10 ms-sign "$F/mail.eml"
	exits 77
	err_has 'nobody to ask'
	run_out timeout 10 ms-id export $PW --into keyring ana@a.example
	exits 69
}
