#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A server among strangers: limits, what it says about itself, and attacks.

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
	cp "$F/q" .
}

teardown() {
	tsad_stop
}

tsad() {
	tsad_start --listen 127.0.0.1:0 -i id "$@"
}

# The status of one POST.
post() {
	curl -s --max-time 10 -o resp -D head -w '%{http_code}' \
		-H 'Content-Type: application/timestamp-query' \
		--data-binary @q "$@" "$URL"
}

@test "one source has so many connections, over all workers" {
	tsad --workers 2 --source-connections 3
	python3 - "$AT" <<-'EOF'
	import socket, sys
	host, port = sys.argv[1].split(":")
	def dial():
	    s = socket.create_connection((host, int(port)), 10)
	    s.settimeout(10)
	    return s
	def serves(s):
	    try:
	        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	        return s.recv(4096).startswith(b"HTTP/1.1 405")
	    except ConnectionError:
	        return False
	kept = [dial() for i in range(3)]
	assert all(serves(s) for s in kept)
	assert not serves(dial())
	kept.pop().close()
	for i in range(100):
	    if serves(dial()):
	        break
	else:
	    raise SystemExit("no room again")
	EOF
}

@test "one source has so many requests a second, then 429 and when to come" {
	tsad --workers 2 --source-rate 1 --source-burst 4
	local i
	for i in 1 2 3 4; do
		[ "$(post)" = 200 ]
	done
	[ "$(post)" = 429 ]
	grep -qi '^Retry-After: [0-9]' head
}

@test "the access log has no addresses and no queries" {
	tsad --access-log line
	[ "$(post)" = 200 ]
	curl -s -o /dev/null "${URL}search?email=ana@citizen.example"
	curl -s -o /dev/null "${URL}ana@citizen.example"
	kill $PID
	wait $PID
	grep -Eq 'access [0-9T:Z-]+ [0-9a-f]{16} POST / 200 [0-9]+ granted$' tsad.log
	grep -Eq 'access [0-9T:Z-]+ [0-9a-f]{16} GET /search 404 [0-9]+ none$' tsad.log
	grep -Eq 'access [0-9T:Z-]+ [0-9a-f]{16} GET - 404 ' tsad.log
	not grep -q '127.0.0.1 \|citizen' tsad.log
	tsad --access-log json
	[ "$(post)" = 200 ]
	kill $PID
	wait $PID
	grep '^{' tsad.log | python3 -c '
import json, sys
o = json.loads(sys.stdin.readline())
assert o["type"] == "access" and o["status"] == 200, o
assert o["outcome"] == "granted" and o["path"] == "/", o'
}

@test "health and metrics have a listener of their own" {
	tsad --workers 2 --metrics "unix:$PWD/m"
	[ "$(post)" = 200 ]
	[ "$(curl -s "${URL}metrics" -o /dev/null -w '%{http_code}')" = 404 ]
	[ "$(curl -sf --unix-socket m http://x/health)" = ok ]
	curl -sf --unix-socket m http://x/metrics >metrics
	grep -qx 'mailseal_requests_total 2' metrics
	grep -qx 'mailseal_responses_total{class="2xx"} 1' metrics
	grep -qx 'mailseal_outcomes_total{outcome="granted"} 1' metrics
	grep -qx 'mailseal_workers 2' metrics
	awk '/^#/ { next } !/^mailseal_[a-z_]+({[a-z]+="[a-z0-9]+"})? [0-9]+$/ {
		print; exit 1 }' metrics
	# it survives a reload
	kill -HUP $PID
	local i
	for i in $(seq 100); do
		grep -q 'read anew' tsad.log && break
		sleep 0.05
	done
	curl -sf --unix-socket m http://x/metrics |
		grep -qx 'mailseal_requests_total 2'
	kill $PID
	wait $PID
	[ ! -e m ]
}

@test "2000 idle connections, and others are served meanwhile" {
	[ "$(ulimit -H -n)" = unlimited ] || [ "$(ulimit -H -n)" -ge 2100 ] ||
		skip "no 2100 descriptors here"
	tsad --max-connections 3000
	ulimit -S -n 2100
	python3 - "$AT" q <<-'EOF'
	import socket, sys, time
	host, port = sys.argv[1].split(":")
	q = open(sys.argv[2], "rb").read()
	req = (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: "
	    b"application/timestamp-query\r\nContent-Length: %d\r\n\r\n"
	    % len(q)) + q
	idle = []
	for i in range(2000):
	    s = socket.create_connection((host, int(port)), 10)
	    if i % 2:
	        s.sendall(b"GET / HT")
	    idle.append(s)
	s = socket.create_connection((host, int(port)), 10)
	s.settimeout(10)
	for i in range(50):
	    s.sendall(req)
	    assert s.recv(65536).startswith(b"HTTP/1.1 200"), i
	# and they are still there
	idle[1].sendall(b"TP/1.0\r\n\r\n")
	assert idle[1].recv(100).startswith(b"HTTP/1.1 405")
	EOF
}

@test "a POST in two shapes at once is one request, refused" {
	tsad
	python3 - "$AT" <<-'EOF'
	import socket, sys
	host, port = sys.argv[1].split(":")
	shapes = [
	    b"Content-Length: 5\r\nContent-Length: 5\r\n",
	    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
	    b"Content-Length: 5\r\nTransfer-Encoding : chunked\r\n",
	    b"Content-Length: 5\r\nTransfer-Encoding:\x0bchunked\r\n",
	    b"Content-Length: 5\r\n Transfer-Encoding: chunked\r\n",
	    b"Content-Length: +5\r\n", b"Content-Length: 0x5\r\n",
	    b"Content-Length: 5\nX: y\r\n", b"Content-Length: 5\r\nHost: y\r\n",
	]
	for s in shapes:
	    c = socket.create_connection((host, int(port)), 10)
	    c.settimeout(10)
	    c.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + s + b"\r\n0\r\n\r\n"
	        b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
	    got = b""
	    while True:
	        k = c.recv(65536)
	        if not k:
	            break
	        got += k
	    assert got[9:10] == b"4" and got.count(b"HTTP/1.1 ") == 1, (s, got)
	EOF
	[ "$(post)" = 200 ]
}
