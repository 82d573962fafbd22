#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The record of issued tokens: complete, checkable, and in the way when it
# cannot be written.

load lib/common
load lib/tsad

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	tsa_id tsa
	printf doc >doc
	openssl ts -query -data doc -sha256 -no_nonce -out q 2>/dev/null
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F/tsa.id" id
	cp "$F/q" "$F/doc" .
}

teardown() {
	tsad_stop
}

tsad() {
	tsad_start --listen 127.0.0.1:0 -i id --record record "$@"
}

# posts N PARALLEL: answers in r1 ... rN
posts() {
	seq "$1" | xargs -P "$2" -I % curl -sf --max-time 10 -o r% \
		-H 'Content-Type: application/timestamp-query' \
		--data-binary @q "$URL"
}

granted() {
	openssl ts -reply -in "$1" -text 2>/dev/null | grep -q Granted
}

@test "every token has its line, from all processes one chain" {
	tsad --workers 2
	posts 40 8
	kill $PID
	wait $PID
	run_out ms-tsad --check-record record
	exits 0
	grep -Eq '^good	40 tokens	0 cut short	[0-9a-f]{64}$' out
	local i
	for i in 1 17 40; do
		openssl ts -reply -in r$i -token_out -out t 2>/dev/null
		grep -q "	$(sha256sum t | cut -d' ' -f1)	" record
	done
	grep -q "	sha256	$(sha256sum doc | cut -d' ' -f1)	" record
	[ -z "$(cut -f3 record | sort | uniq -d)" ]
	# a change shows
	sed -i '20s/	sha256	./	sha256	0/' record
	run_out ms-tsad --check-record record
	exits 65
	err_has 'something before line 21 was changed'
	out_empty
	run_out ms-tsad --once --clock trust -i id --record other <q
	exits 0
	[ "$(wc -l <other)" = 1 ]
}

@test "a full disk issues nothing, and says so once" {
	LIMIT=2 tsad
	local i n=0 first=
	for i in $(seq 30); do
		posts 1 1
		granted r1 || { first=$i; break; }
		n=$((n + 1))
	done
	[ -n "$first" ]
	[ $n -gt 0 ]
	posts 3 1
	not granted r1
	openssl ts -reply -in r1 -text 2>/dev/null |
		grep -q 'system failure'
	[ "$(grep -c 'no tokens are issued' tsad.log)" = 1 ]
	run_out ms-tsad --check-record record
	exits 0
	grep -q "^good	$n tokens	0 cut short" out
	# there is room again
	mv record record.1
	kill -HUP $PID
	for i in $(seq 100); do
		grep -q 'read anew' tsad.log && break
		sleep 0.05
	done
	posts 1 1
	granted r1
	[ "$(wc -l <record)" = 1 ]
}

@test "what is no record is not built upon" {
	echo rubbish >record
	run_out ms-tsad --listen 127.0.0.1:0 -i id --record record
	exits 65
	run_out ms-tsad --listen 127.0.0.1:0 -i id --record /dev/null
	exits 73
	err_has 'not a regular file'
	[ "$(cat record)" = rubbish ]
}
