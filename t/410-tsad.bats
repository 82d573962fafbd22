#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The authority as a server: its processes, and what becomes of requests when
# they die or change.

load lib/common
load lib/tsad

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	tsa_id a b
	printf doc >doc
	openssl ts -query -data doc -sha256 -cert -no_nonce -out q 2>/dev/null
	openssl ts -query -data doc -sha512 -cert -no_nonce -out q512 \
		2>/dev/null
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F/a.id" id
}

teardown() {
	tsad_stop
}

tsad() {
	tsad_start --listen 127.0.0.1:0 -i id "$@"
}

post() {
	curl -sf --max-time 10 -H 'Content-Type: application/timestamp-query' \
		--data-binary "@${1:-$F/q}" -o resp "$URL"
}

# Processes of ours below $1.
below() {
	ps -o pid= --ppid "$1"
}

# load SECONDS: clients that keep their connections; "ANSWERS LOST" and the
# serial numbers in `serials`.
load_for() {
	python3 - "$URL" "$F/q" "$1" <<-'EOF'
	import http.client, sys, threading, time
	host = sys.argv[1].split("/")[2]
	q = open(sys.argv[2], "rb").read()
	end = time.time() + float(sys.argv[3])
	good, lost, serials = [0] * 8, [0] * 8, [[] for i in range(8)]
	H = {"Content-Type": "application/timestamp-query"}

	def client(i):
	    c = None
	    while time.time() < end:
	        try:
	            if not c:
	                c = http.client.HTTPConnection(host, timeout=10)
	            c.request("POST", "/", q, H)
	            r = c.getresponse()
	            b = r.read()
	            if r.status != 200 or b[4:9] != b"\x30\x03\x02\x01\x00":
	                raise Exception(r.status)
	            good[i] += 1
	            # behind the imprint: INTEGER of 16 octets
	            serials[i].append(b[b.index(b"\x02\x10") + 2:][:16])
	            if r.getheader("Connection") == "close":
	                c.close()
	                c = None
	        except Exception:
	            lost[i] += 1
	            if c:
	                c.close()
	            c = None

	t = [threading.Thread(target=client, args=(i,)) for i in range(8)]
	[x.start() for x in t]
	[x.join() for x in t]
	with open("serials", "a") as f:
	    for s in sum(serials, []):
	        f.write(s.hex() + "\n")
	print(sum(good), sum(lost))
	EOF
}

# await COMMAND: until it is true, ten seconds at most.
await() {
	local i
	for i in $(seq 200); do
		eval "$1" && return
		sleep 0.05
	done
	echo "never: $1"
	cat tsad.log
	return 1
}

@test "keeper and workers are processes of their own" {
	tsad --workers 2
	post
	[ "$(below $PID | wc -l)" = 3 ]
	kill $PID
	wait $PID
	[ ! -e ready ]
	grep -q 'listening on 127.0.0.1:' tsad.log
}

@test "keeper and worker are confined, the parent dumps no core" {
	[ "${FLAVOUR:-release}" = release ] ||
		skip "a sanitizer needs its system calls"
	# without it the C library reads a file for the time zone
	unset TZ
	tsad
	local k p n=0
	k=$(below $PID | head -n 1)
	for p in $(below $PID) $(below $k); do
		grep -q '^Seccomp:	2' /proc/$p/status
		grep -q '^NoNewPrivs:	1' /proc/$p/status
		n=$((n + 1))
	done
	[ $n = 3 ]
	grep -q '^Max core file size  *0 ' /proc/$PID/limits
	post
}

@test "--user is somebody, and for root to ask" {
	run_out ms-tsad --listen 127.0.0.1:0 -i id --user no-such-user
	exits 64
	err_has "there is no user 'no-such-user'"
	[ "$(id -u)" = 0 ] || skip "only root can become somebody else"
	tsad --user nobody
	post
	local k p
	k=$(below $PID | head -n 1)
	for p in $(below $PID) $(below $k); do
		[ "$(ps -o user= -p "$p")" = nobody ]
	done
}

@test "with the key in the worker there is no keeper" {
	tsad --key-in-worker
	post
	[ "$(below $PID | wc -l)" = 1 ]
	openssl ts -reply -in resp -text 2>/dev/null | grep -q Granted
}

@test "a key that cannot be read, an address that is none: said once" {
	run_out ms-tsad --listen 127.0.0.1:0 -i nothing
	exits 66
	[ "$(grep -c nothing err)" = 1 ]
	run_out ms-tsad --listen 127.0.0.1:x -i id
	exits 64
	run_out ms-tsad --listen 127.0.0.1:0 -i id --accept-hash md5
	exits 64
	err_has '--accept-hash md5'
	tsad
	run_out ms-tsad --listen "$(cat ready)" -i id --workers 2
	exits 73
	err_has 'cannot listen on'
}

@test "a hash that is not on the list is badAlg" {
	tsad --accept-hash sha512
	post
	openssl ts -reply -in resp -text 2>/dev/null |
		grep -q 'unrecognized or unsupported algorithm'
	post "$F/q512"
	openssl ts -reply -in resp -text 2>/dev/null | grep -q Granted
}

@test "reload under load loses nothing" {
	tsad --workers 2
	load_for 3 >count &
	local i
	for i in 1 2 3; do
		sleep 0.6
		kill -HUP $PID
	done
	wait $!
	read -r good lost <count
	[ "$lost" = 0 ] || { cat count tsad.log; false; }
	[ "$good" -gt 100 ]
	[ "$(grep -c 'read anew' tsad.log)" -ge 2 ]
	[ -z "$(sort serials | uniq -d)" ]
}

@test "a worker killed under load is replaced and loses only its own" {
	tsad --workers 2
	load_for 2 >count &
	local w
	sleep 0.5
	w=$(below $PID | tail -n 1)
	kill -9 $w
	wait $!
	read -r good lost <count
	# 8 clients have one request in hand each
	[ "$lost" -le 8 ] || { cat count tsad.log; false; }
	[ "$good" -gt 100 ]
	grep -q "worker $((w)) was ended by signal 9" tsad.log
	[ "$(below $PID | wc -l)" = 3 ]
	[ -z "$(sort serials | uniq -d)" ]
	post
}

@test "a keeper killed is replaced" {
	tsad
	local k
	k=$(below $PID | head -n 1)
	kill -9 $k $(below $k)
	await 'post'
	grep -q 'keeper of the key has ended' tsad.log
	openssl ts -reply -in resp -text 2>/dev/null | grep -q Granted
}

@test "when the parent is killed nobody stays behind" {
	tsad --workers 2
	local all p
	all=$(below $PID)
	kill -9 $PID
	wait $PID || :
	for p in $all; do
		await "! kill -0 $p 2>/dev/null"
	done
	PID=
}

@test "a socket that systemd hands over" {
	cat >activate.py <<-'EOF'
	import os, socket, sys
	s = socket.socket()
	s.bind(("127.0.0.1", 0))
	s.listen(50)
	os.dup2(s.fileno(), 3)
	os.set_inheritable(3, True)
	os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
	os.execvp(sys.argv[1], sys.argv[1:])
	EOF
	python3 activate.py ms-tsad --listen systemd --ready-file ready \
		--clock trust -i id --workers 2 </dev/null >tsad.log 2>&1 3>&- &
	PID=$!
	await '[ -s ready ]'
	URL=http://$(head -n 1 ready)/
	post
	kill -HUP $PID
	await "grep -q 'read anew' tsad.log"
	post
	openssl ts -reply -in resp -text 2>/dev/null | grep -q Granted
}

@test "one unix socket serves several workers" {
	ms-tsad --listen unix:"$PWD/s" --ready-file ready --clock trust -i id \
		--workers 2 </dev/null >tsad.log 2>&1 3>&- &
	PID=$!
	await '[ -s ready ]'
	curl -sf -H 'Content-Type: application/timestamp-query' \
		--unix-socket s --data-binary @"$F/q" -o resp http://x/
	openssl ts -reply -in resp -text 2>/dev/null | grep -q Granted
	kill $PID
	wait $PID
	[ ! -e s ]
}
