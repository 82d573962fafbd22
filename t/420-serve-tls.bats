#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A server over TLS: versions, clients' certificates, change of its own.

load lib/common
load lib/tsad

# make NAME EXTENSIONS...: key and certificate by the CA, NAME.pem with both.
make() {
	local n=$1
	shift
	printf '%s\n' "$@" >ext
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout $n.key -out $n.csr -subj "/CN=$n" 2>/dev/null
	openssl ca -batch -config ca.cnf -in $n.csr -out $n.crt -extfile ext \
		-notext 2>/dev/null
	cat $n.key $n.crt >$n.pem
}

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.crt -subj /CN=CA -days 30 \
		-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	printf '%s\n' '[ca]' 'default_ca=c' '[c]' 'database=index' \
		'new_certs_dir=.' 'certificate=ca.crt' 'private_key=ca.key' \
		'serial=serial' 'crlnumber=crlnumber' 'default_md=sha256' \
		'default_days=20' 'default_crl_days=20' 'policy=p' \
		'unique_subject=no' '[p]' 'commonName=supplied' >ca.cnf
	: >index
	echo 01 >serial
	echo 01 >crlnumber
	make tsa extendedKeyUsage=critical,timeStamping \
		keyUsage=critical,digitalSignature
	make one extendedKeyUsage=serverAuth \
		subjectAltName=IP:127.0.0.1
	make two extendedKeyUsage=serverAuth \
		subjectAltName=IP:127.0.0.1
	make good extendedKeyUsage=clientAuth
	make gone extendedKeyUsage=clientAuth
	make mail extendedKeyUsage=emailProtection
	openssl ca -config ca.cnf -revoke gone.crt 2>/dev/null
	openssl ca -config ca.cnf -gencrl -out crl 2>/dev/null
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout s.key -out s.crt -subj /CN=stranger -days 9 \
		-addext extendedKeyUsage=clientAuth 2>/dev/null
	cat s.key s.crt >stranger.pem
	printf doc >doc
	openssl ts -query -data doc -sha256 -out q 2>/dev/null
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F"/*.pem "$F/q" "$F/crl" "$F/ca.crt" .
	cp one.pem tls.pem
}

teardown() {
	tsad_stop
}

tsad() {
	tsad_start --listen 127.0.0.1:0 -i tsa.pem \
		--tls-identity tls.pem "$@"
}

post() {
	curl -sf --max-time 10 --cacert ca.crt \
		-H 'Content-Type: application/timestamp-query' \
		--data-binary @q -o resp "$@" "https://$AT/"
}

@test "TLS 1.2 and 1.3, nothing older, and nothing in clear" {
	tsad
	post --tls-max 1.2
	post --tlsv1.3
	openssl ts -reply -in resp -text 2>/dev/null | grep -q Granted
	not openssl s_client -connect "$AT" -tls1_1 \
		-cipher ALL:@SECLEVEL=0 </dev/null >out 2>&1
	not curl -sf --max-time 10 "http://$AT/"
	# a hundred on one connection
	local i
	for i in $(seq 20); do
		echo "cacert = ca.crt"
		echo "url = https://$AT/"
		echo "data-binary = @q"
		echo 'header = "Content-Type: application/timestamp-query"'
		echo "output = r$i"
		echo next
	done | sed '$d' >conf
	curl -sf --max-time 20 --cacert ca.crt -K conf
	cmp -s r1 r20 && false
	openssl ts -reply -in r20 -text 2>/dev/null | grep -q Granted
}

@test "clients are judged by path, purpose and list" {
	tsad --tls-clients require --client-trust ca.crt --client-crl crl
	post --cert good.pem
	not post
	not post --cert gone.pem
	not post --cert mail.pem
	not post --cert stranger.pem
	post --cert good.pem
}

@test "a client that need not show a certificate must not show a bad one" {
	tsad --tls-clients ask --client-trust ca.crt --client-crl crl
	post
	post --cert good.pem
	not post --cert gone.pem
}

@test "what cannot be served with is said at the start" {
	run_out ms-tsad --listen 127.0.0.1:0 -i tsa.pem --tls-identity good.pem
	exits 78
	err_has 'cannot serve TLS'
	run_out ms-tsad --listen 127.0.0.1:0 -i tsa.pem --tls-clients require
	exits 64
	err_has '--tls-identity'
	run_out ms-tsad --listen 127.0.0.1:0 -i tsa.pem --tls-identity one.pem \
		--tls-clients require
	exits 78
	err_has 'need an anchor'
}

@test "SIGHUP takes a new certificate and a new list" {
	tsad --tls-clients ask --client-trust ca.crt --client-crl crl
	subject() {
		openssl s_client -connect "$AT" </dev/null 2>/dev/null |
			openssl x509 -noout -subject
	}
	subject | grep -q 'CN *= *one'
	cp two.pem tls.pem
	kill -HUP $PID
	local i
	for i in $(seq 100); do
		subject | grep -q 'CN *= *two' && break
		sleep 0.05
	done
	subject | grep -q 'CN *= *two'
	post
	# what cannot be read leaves what there is
	echo rubbish >tls.pem
	kill -HUP $PID
	for i in $(seq 100); do
		grep -q 'cannot reload' tsad.log && break
		sleep 0.05
	done
	grep -q 'cannot reload' tsad.log
	post
}

@test "changing the certificate under load loses nothing" {
	tsad --workers 2
	python3 - "$AT" q >count <<-'EOF' &
	import http.client, ssl, sys, threading, time
	q = open(sys.argv[2], "rb").read()
	ctx = ssl.create_default_context(cafile="ca.crt")
	end = time.time() + 2
	good, lost = [0] * 4, [0] * 4
	def client(i):
	    c = None
	    while time.time() < end:
	        try:
	            c = c or http.client.HTTPSConnection(sys.argv[1],
	                timeout=10, context=ctx)
	            c.request("POST", "/", q,
	                {"Content-Type": "application/timestamp-query"})
	            r = c.getresponse()
	            r.read()
	            good[i] += r.status == 200
	            if r.getheader("Connection") == "close":
	                c.close()
	                c = None
	        except Exception as e:
	            print(repr(e), file=sys.stderr)
	            lost[i] += 1
	            c = None
	t = [threading.Thread(target=client, args=(i,)) for i in range(4)]
	[x.start() for x in t]
	[x.join() for x in t]
	print(sum(good), sum(lost))
	EOF
	local load=$! n
	for n in two one two; do
		sleep 0.4
		cp $n.pem tls.pem
		kill -HUP $PID
	done
	wait $load
	read -r good lost <count
	[ "$lost" = 0 ] || { cat count tsad.log; false; }
	[ "$good" -gt 20 ]
	[ "$(grep -c 'read anew' tsad.log)" -ge 2 ]
}

@test "a handshake that drips is cut, and others are served meanwhile" {
	tsad
	exec 4<>"/dev/tcp/${AT%:*}/${AT#*:}"
	printf '\x16\x03\x01' >&4
	post
	exec 4>&-
}
