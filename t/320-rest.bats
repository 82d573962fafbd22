#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a pipe brings and memory does not hold rests in a file without a name:
# never in clear.

load lib/common

setup() {
	ms_home
	command -v openssl >/dev/null || skip "openssl is not here"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout key.pem -out cert.pem -subj /CN=ana -days 30 2>log
	cat cert.pem key.pem >id.pem
	chmod 600 id.pem
	# 10 MiB, beyond the 8 that are held in memory
	yes 'a secret line of text' | head -c 10485760 >text
}

teardown() {
	[ -z "${pid:-}" ] || kill "$pid" 2>/dev/null || true
}

# spilled COMMAND...: feed it `in` through a pipe that stays open, and copy
# what it keeps in its file to `kept`.
spilled() {
	local fd
	mkfifo pipe
	"$@" <pipe >out 2>err 3>&- &
	pid=$!
	exec 7>pipe
	cat in >&7
	for _ in $(seq 100); do
		for fd in /proc/$pid/fd/*; do
			[[ $(readlink "$fd") == *"(deleted)" ]] &&
			    [ -s "$fd" ] && cp "$fd" kept && break 2
		done
		sleep 0.05
	done
	exec 7>&-
	[ -s kept ]
}

@test "a signed message on its way through ms-decrypt" {
	{
		printf '%s\n' 'From: ana@a.example' 'MIME-Version: 1.0' \
			'Content-Type: application/pkcs7-mime; smime-type=signed-data' \
			'Content-Transfer-Encoding: binary' ''
		openssl cms -sign -binary -nodetach -in text -signer cert.pem \
			-inkey key.pem -outform DER
	} >in
	spilled ms-decrypt --if-encrypted -i id.pem
	not grep -q 'a secret line' kept
}

@test "a signed file on its way through ms-decrypt" {
	openssl cms -sign -binary -nodetach -in text -signer cert.pem \
		-inkey key.pem -outform DER -out in
	spilled ms-decrypt --if-encrypted -i id.pem
	not grep -q 'a secret line' kept
}

@test "what is signed" {
	mv text in
	spilled ms-sign -i id.pem --tsa none --format cms
	not grep -q 'a secret line' kept
}
