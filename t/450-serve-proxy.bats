#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# RFC 9440: whose certificate a proxy tells of, and who may tell.

load lib/common
load lib/tsad

setup() {
	ms_home
	printf '%s\n' extendedKeyUsage=critical,timeStamping \
		keyUsage=critical,digitalSignature >ext
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.crt -subj /CN=CA -days 30 2>/dev/null
	local n
	for n in tsa good mail; do
		[ $n != good ] || echo extendedKeyUsage=clientAuth >ext
		[ $n != mail ] || echo extendedKeyUsage=emailProtection >ext
		openssl req -new -newkey ec -pkeyopt \
			ec_paramgen_curve:P-256 -nodes -keyout $n.key \
			-out csr -subj /CN=$n 2>/dev/null
		openssl x509 -req -in csr -CA ca.crt -CAkey ca.key \
			-CAcreateserial -days 9 -extfile ext -out $n.crt \
			2>/dev/null
	done
	cat tsa.key tsa.crt >id
	printf doc >doc
	openssl ts -query -data doc -sha256 -out q 2>/dev/null
}

teardown() {
	tsad_stop
}

tsad() {
	tsad_start --listen "unix:$PWD/s" -i id --client-trust ca.crt "$@"
}

post() {
	curl -s --max-time 10 -o resp -w '%{http_code}' --unix-socket s \
		-H 'Content-Type: application/timestamp-query' \
		--data-binary @q "$@" http://x/
}

# field NAME: the certificate as RFC 9440 writes it
field() {
	printf 'Client-Cert: :%s:' \
		"$(openssl x509 -in "$1.crt" -outform DER | base64 -w 0)"
}

@test "what the proxy tells is judged" {
	tsad --proxy-uid "$(id -u)" --tls-clients require
	[ "$(post -H "$(field good)")" = 200 ]
	[ "$(post)" = 403 ]
	grep -q 'a certificate of the client is required' resp
	[ "$(post -H "$(field mail)")" = 403 ]
	grep -q 'is not accepted' resp
	[ "$(post -H 'Client-Cert: :AAAA:')" = 400 ]
	grep -q 'RFC 9440 section 2.1' resp
	[ "$(post -H 'Client-Cert: AAAA')" = 400 ]
	[ "$(post -H "$(field good)" -H "$(field mail)")" = 400 ]
	grep -q 'RFC 9440 section 2.2' resp
	[ "$(post -H "$(field good)")" = 200 ]
}

@test "nobody else is believed" {
	tsad --proxy-uid 4294967290 --tls-clients require
	[ "$(post -H "$(field good)")" = 403 ]
}

@test "without a proxy the field means nothing" {
	tsad
	[ "$(post -H 'Client-Cert: rubbish')" = 200 ]
	run_out ms-tsad --listen unix:t -i id --proxy-uid 1
	exits 64
	err_has '--client-trust'
}
