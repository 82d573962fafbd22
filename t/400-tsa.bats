#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Timestamps: our client, our authority, and openssl at either end.

load lib/common
load lib/tsad

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.pem -subj /CN=CA -days 30 2>/dev/null
	printf '%s\n' extendedKeyUsage=critical,timeStamping \
		keyUsage=critical,digitalSignature >ext
	local k
	for k in ec:P-256 rsa:2048; do
		local n=${k%%:*} how=(-newkey "$k")
		[ "$n" = ec ] &&
			how=(-newkey ec -pkeyopt "ec_paramgen_curve:${k#*:}")
		openssl req "${how[@]}" -nodes -keyout $n.key -out $n.csr \
			-subj "/CN=TSA $n" 2>/dev/null
		openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key \
			-CAcreateserial -days 20 -extfile ext -out $n.pem \
			2>/dev/null
		cat $n.key $n.pem >$n.id
	done
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F/ca.pem" .
	echo 'a document' >doc
}

teardown() {
	tsad_stop
}

tsad() {
	tsad_start --listen 127.0.0.1:0 "$@"
}

@test "a token is got and is good, for ECDSA and RSA" {
	local k
	for k in ec rsa; do
		rm -f ready
		tsad -i "$F/$k.id"
		ms-tsa --tsa "$URL" -o doc.tst doc
		run_out ms-tsa --verify doc.tst --trust ca.pem doc
		exits 0
		grep -q '^doc	good	' out
		kill $PID
		wait $PID
	done
}

@test "the answers are what openssl ts -verify wants" {
	tsad -i "$F/ec.id"
	openssl ts -query -data doc -cert -sha256 2>/dev/null |
		curl -sf -H 'Content-Type: application/timestamp-query' \
			--data-binary @- "$URL" >a.tsr
	openssl ts -verify -in a.tsr -data doc -CAfile ca.pem
	openssl ts -query -data doc -no_nonce -sha512 2>/dev/null |
		curl -sf -H 'Content-Type: application/timestamp-query' \
			--data-binary @- "$URL" >b.tsr
	openssl ts -verify -in b.tsr -data doc -CAfile ca.pem \
		-untrusted "$F/ec.pem"
	ms-tsa --query --hash sha384 doc | ms-tsa --reply --tsa "$URL" >c.tsr
	openssl ts -verify -in c.tsr -data doc -CAfile ca.pem
}

@test "an answer of openssl ts -reply is judged by us" {
	cat >ts.cnf <<-EOF
		[t]
		signer_cert = $F/rsa.pem
		signer_key = $F/rsa.key
		certs = $F/ca.pem
		serial = serial
		default_policy = 1.2.3.4
		digests = sha256, sha512
		signer_digest = sha256
		ess_cert_id_alg = sha256
		ess_cert_id_chain = no
	EOF
	echo 01 >serial
	ms-tsa --query doc >q
	openssl ts -reply -queryfile q -section t -config ts.cnf -out r \
		2>/dev/null
	run_out ms-tsa --verify r --trust ca.pem doc
	exits 0
	grep -q '	good	' out
	openssl ts -reply -queryfile q -section t -config ts.cnf -token_out \
		-out t 2>/dev/null
	run_out ms-tsa --verify t --trust ca.pem doc
	exits 0
}

@test "a token over something else, or changed, is bad" {
	ms-tsa --query doc | ms-tsad --once --clock trust -i "$F/ec.id" >r
	echo more >>doc
	run_out ms-tsa --verify r --trust ca.pem doc
	exits 1
	grep -q '	bad	.*messageImprint differs' out
	echo 'a document' >doc
	# the last byte belongs to the signature
	python3 - <<-'EOF'
		b = bytearray(open("r", "rb").read())
		b[-3] ^= 1
		open("r", "wb").write(b)
	EOF
	run_out ms-tsa --verify r --trust ca.pem doc
	exits 1
	grep -q '	bad	' out
}

@test "without an anchor a token is undecided, and says what to do" {
	ms-tsa --query doc | ms-tsad --once --clock trust -i "$F/ec.id" >r
	run_out ms-tsa --verify r doc
	exits 1
	grep -q '	undecided	' out
	err_has '--trust FILE'
}

@test "rejections are HTTP 200 with the right failure" {
	tsad -i "$F/ec.id" --policy-oid 1.2.3.4.5
	post() {
		curl -s -o resp -w '%{http_code}' \
			-H 'Content-Type: application/timestamp-query' \
			--data-binary "@$1" "$URL"
	}
	openssl ts -query -data doc -tspolicy 1.2.3 -out q 2>/dev/null
	[ "$(post q)" = 200 ]
	openssl ts -reply -in resp -text 2>/dev/null |
		grep -q 'requested TSA policy is not supported'
	openssl ts -query -data doc -md5 -out q 2>/dev/null
	[ "$(post q)" = 200 ]
	openssl ts -reply -in resp -text 2>/dev/null |
		grep -q 'unrecognized or unsupported algorithm'
	echo rubbish >q
	[ "$(post q)" = 200 ]
	openssl ts -reply -in resp -text 2>/dev/null |
		grep -q 'data submitted has the wrong format'
	# and what is no request at all
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$URL")" = 405 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "${URL}x")" = 404 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' -d x "$URL")" = 415 ]
	head -c 100000 /dev/zero >q
	[ "$(post q)" = 413 ]
	# and it still serves
	ms-tsa --tsa "$URL" doc >t
}

@test "an unsynchronised clock issues nothing" {
	ms-tsa --query doc >q
	ms-tsad --once -i "$F/ec.id" --accuracy 1 <q >r
	openssl ts -reply -in r -text >text 2>/dev/null
	# A machine whose clock is right to a millisecond may grant it.
	grep -Eq 'time source is not available|Status: Granted' text
}

@test "the next authority is asked when one does not answer" {
	tsad -i "$F/ec.id"
	ms-tsa --tsa http://127.0.0.1:1/ --tsa "${URL}no" --tsa "$URL" doc >t
	ms-tsa --verify t --trust ca.pem doc
}

@test "no authority answers: 75 and nothing is written" {
	run_out ms-tsa --tsa http://127.0.0.1:1/ -o t doc
	exits 75
	err_has 'no timestamp authority answered'
	[ ! -e t ]
	run_out ms-tsa doc
	exits 78
	err_has '--tsa URL'
}

@test "a token of a stranger's authority is not taken when anchors are given" {
	tsad -i "$F/ec.id"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout o.key -out other.pem -subj /CN=Other 2>/dev/null
	run_out ms-tsa --tsa "$URL" --trust other.pem doc
	exits 75
	out_empty
}

@test "SIGHUP takes a new key without ending" {
	cp "$F/ec.id" id
	tsad -i id
	ms-tsa --tsa "$URL" doc | openssl cms -cmsout -print -inform DER >a
	grep -q 'CN=TSA ec\|CN = TSA ec' a
	cp "$F/rsa.id" id
	kill -HUP $PID
	local i
	for i in $(seq 50); do
		ms-tsa --tsa "$URL" doc |
			openssl cms -cmsout -print -inform DER >b
		grep -q 'TSA rsa' b && break
		sleep 0.1
	done
	grep -q 'TSA rsa' b
	# and what cannot be read leaves the old one in force
	echo nothing >id
	kill -HUP $PID
	sleep 0.3
	ms-tsa --tsa "$URL" doc >c
}

@test "a certificate without the purpose is refused as an authority" {
	openssl req -x509 -key "$F/ec.key" -out self.pem -subj /CN=x \
		-days 3 2>/dev/null
	cat "$F/ec.key" self.pem >id
	ms-tsa --query doc >q
	run_out ms-tsad --once --clock trust -i id <q
	[ "$status" -ne 0 ]
	err_has 'RFC 3161 section 2.3'
	out_empty
}

@test "the token of a token says what it says" {
	ms-tsa --query doc | ms-tsad --once --clock trust --accuracy 250 \
		-i "$F/ec.id" >r
	run_out ms-tsa --inspect r
	exits 0
	grep -qx 'policy	0.4.0.2023.1.1' out
	grep -qx 'accuracy	0.250000 s' out
	grep -qx "imprint	$(sha256sum doc | cut -d' ' -f1)" out
}

@test "empty stdin is refused, unless it is allowed" {
	run_out ms-tsa --query </dev/null
	exits 65
	err_has 'did the program before it fail?'
	ms-tsa --query --allow-empty </dev/null >q
	[ -s q ]
}
