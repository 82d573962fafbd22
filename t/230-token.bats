#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Keys on PKCS#11 tokens (RFC 7512), with SoftHSM as the token.

load lib/common
load lib/authority

# write FILE KEY LABEL ID USAGE...: FILE.key and FILE.pem onto token T.
write() {
	local file=$1 label=$2 id=$3
	shift 3
	openssl pkey -in "$file.key" -outform DER -out key.der
	openssl x509 -in "$file.pem" -outform DER -out cert.der
	tool --write-object key.der --type privkey --id "$id" \
		--label "$label key" "$@"
	tool --write-object cert.der --type cert --id "$id" \
		--label "$label cert"
}

tool() {
	pkcs11-tool --module "$MODULE" --token-label T --login --pin 1234 \
		"$@" >>tool.log 2>&1
}

# init TOKEN: an empty token with PIN 1234
init() {
	softhsm2-util --init-token --free --label "$1" --pin 1234 \
		--so-pin 5678 >/dev/null
}

# a_rsa CA FILE ADDRESS
a_rsa() {
	openssl genrsa -out "$2.key" 2048 2>/dev/null
	openssl req -new -key "$2.key" -subj "/CN=$3" -config "$1.cnf" \
		-out "$2.csr"
	printf '%s\n' 'keyUsage = digitalSignature,keyEncipherment' \
		"subjectAltName = email:$3" >"$2.ext"
	openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" \
		-set_serial "0x$(openssl rand -hex 15)" -days 90 \
		-extfile "$2.ext" -out "$2.pem" 2>/dev/null
}

find_tools() {
	need openssl
	need softhsm2-util
	need pkcs11-tool
	MODULE=
	local f
	for f in /usr/lib/*/softhsm/libsofthsm2.so \
		/usr/lib/softhsm/libsofthsm2.so /usr/lib64/libsofthsm2.so \
		/usr/lib64/pkcs11/libsofthsm2.so; do
		[ ! -e "$f" ] || MODULE=$f
	done
	[ -n "$MODULE" ] || skip 'libsofthsm2.so is not installed'
}

setup_file() {
	find_tools
	cd "$BATS_FILE_TMPDIR" || return
	mkdir tokens
	printf '%s\n' "directories.tokendir = $PWD/tokens" \
		'objectstore.backend = file' 'log.level = ERROR' >softhsm.conf
	export SOFTHSM2_CONF=$PWD/softhsm.conf
	init T
	a_ca ca
	a_cert ca ana ana@a.example both
	a_rsa ca bob bob@b.example
	write ana ana 01 --usage-sign --usage-derive
	write bob bob 02 --usage-sign --usage-decrypt
	echo 1234 >pin
	echo 9999 >bad
	chmod 600 pin bad
	printf 'a file\n' >plain
	printf '%s\r\n' 'From: ana@a.example' 'To: bob@b.example' \
		'Date: Sun, 1 Feb 2026 00:00:00 +0000' 'Subject: x' '' \
		'hello' >mail.eml
}

setup() {
	find_tools
	ms_home
	F=$BATS_FILE_TMPDIR
	T="pkcs11:token=T?module-path=$MODULE"
	PIN="--passphrase-file pin=$F/pin"
}

teardown() {
	[ -z "${PID:-}" ] || { kill "$PID" 2>/dev/null; wait "$PID"; } || :
}

# of OBJECT: the URI of one object
of() {
	echo "pkcs11:token=T;object=$1?module-path=$MODULE"
}

# good FILE: openssl verifies the CMS
good() {
	openssl cms -verify -inform DER -in "$1" -CAfile "$F/ca.pem" \
		-purpose any -out verified 2>openssl.err || {
		cat openssl.err
		return 1
	}
	cmp verified "$F/plain"
}

# curve_cert KEYUSAGE: c.pem and cert.der of c.key
curve_cert() {
	openssl req -new -key c.key -subj /CN=c -config "$F/ca.cnf" -out c.csr
	printf '%s\n' "keyUsage = $1" 'subjectAltName = email:c@c.example' \
		>c.ext
	openssl x509 -req -in c.csr -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial "0x$(openssl rand -hex 15)" -days 90 \
		-extfile c.ext -out c.pem 2>/dev/null
	openssl x509 -in c.pem -outform DER -out cert.der
}

# calls NAME: how often the token's function was called, by pkcs11-spy
calls() {
	grep -c "^[0-9]*: $1\$" spy.log || :
}

spied() {
	local f
	SPY=
	for f in /usr/lib/*/pkcs11-spy.so /usr/lib/*/pkcs11/pkcs11-spy.so \
		/usr/lib64/pkcs11-spy.so; do
		[ ! -e "$f" ] || SPY=$f
	done
	[ -n "$SPY" ] || skip 'pkcs11-spy.so is not installed'
	export PKCS11SPY=$MODULE PKCS11SPY_OUTPUT=$PWD/spy.log
}

@test "sign with P-256 and RSA, PKCS#1 and PSS; openssl verifies" {
	local o
	for o in ana%20key ana%20cert bob%20key bob%20cert; do
		run_out ms-sign $PIN -i "$(of $o)" --format cms "$F/plain"
		exits 0
		good out
	done
	run_out ms-sign $PIN -i "$(of bob%20key)" --pss --format cms "$F/plain"
	exits 0
	good out
	openssl cms -cmsout -print -inform DER -in out | grep -q rsassaPss
}

@test "mail is signed by the key whose certificate is for From" {
	run_out ms-sign $PIN -i "$T" "$F/mail.eml"
	exits 0
	mv out signed.eml
	run_out ms-verify --trust "$F/ca.pem" signed.eml
	exits 0
	grep -q '	good	ana@a.example	' out
}

@test "decrypt what openssl encrypted: PKCS#1, OAEP with SHA-1 and SHA-256" {
	local opt
	for opt in rsa_padding_mode:pkcs1 rsa_padding_mode:oaep \
		'rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256' \
		'rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha512 -keyopt rsa_mgf1_md:sha1'; do
		openssl cms -encrypt -binary -aes256 -outform DER \
			-in "$F/plain" -out e.p7m \
			-recip "$F/bob.pem" -keyopt $opt
		run_out ms-decrypt $PIN -i "$T" e.p7m
		exits 0
		cmp out "$F/plain"
	done
}

@test "decrypt what was agreed on P-256, by openssl and by ms-encrypt" {
	openssl cms -encrypt -binary -aes256 -outform DER -in "$F/plain" \
		-out e.p7m -recip "$F/ana.pem"
	run_out ms-decrypt $PIN -i "$T" e.p7m
	exits 0
	cmp out "$F/plain"
	ms-encrypt -r "$F/ana.pem" --no-self -o e.p7m "$F/plain"
	run_out ms-decrypt $PIN -i "$(of ana%20key)" e.p7m
	exits 0
	cmp out "$F/plain"
}

@test "a damaged RSA block and a wrong one are one answer" {
	local opt
	for opt in '' --oaep; do
		ms-encrypt $opt -r "$F/bob.pem" --no-self -o d.p7m "$F/plain"
		# The encrypted key is the OCTET STRING of 256 octets.
		at=$(openssl asn1parse -inform DER -in d.p7m | sed -n \
		's/^ *\([0-9]*\):.*l= *256 prim: *OCTET STRING.*/\1/p' |
			head -n 1)
		[ -n "$at" ]
		printf '\1\2\3' | dd of=d.p7m bs=1 seek=$((at + 100)) \
			conv=notrunc 2>/dev/null
		run_out ms-decrypt $PIN -i "$T" d.p7m
		exits 65
		out_empty
		mv err token.err
		run_out ms-decrypt --key "$F/bob.key" --cert "$F/bob.pem" d.p7m
		exits 65
		cmp err token.err
	done
}

@test "the other curves; Ed25519" {
	local curve
	init C
	c() {
		pkcs11-tool --module "$MODULE" --token-label C --login \
			--pin 1234 --id 05 --write-object "$@" >c.log 2>&1
	}
	for curve in secp384r1 secp521r1 brainpoolP256r1; do
		openssl genpkey -algorithm EC \
			-pkeyopt "ec_paramgen_curve:$curve" -out c.key
		curve_cert digitalSignature,keyAgreement
		openssl pkey -in c.key -outform DER -out key.der
		c key.der --type privkey --usage-sign --usage-derive
		c cert.der --type cert
		U="pkcs11:token=C?module-path=$MODULE"
		run_out ms-sign $PIN -i "$U" --format cms "$F/plain"
		exits 0
		good out
		ms-encrypt -r c.pem --no-self -o e.p7m "$F/plain"
		run_out ms-decrypt $PIN -i "$U" e.p7m
		exits 0
		cmp out "$F/plain"
		softhsm2-util --delete-token --token C >/dev/null
		init C
	done
	openssl genpkey -algorithm ed25519 -out c.key
	curve_cert digitalSignature
	softhsm2-util --import c.key --token C --label e --id 05 \
		--pin 1234 >/dev/null
	c cert.der --type cert
	run_out ms-sign $PIN -i "pkcs11:token=C?module-path=$MODULE" \
		--format cms -o ed.p7m "$F/plain"
	softhsm2-util --delete-token --token C >/dev/null
	exits 0
	# openssl 3.0 does not know RFC 8419
	run_out ms-verify --trust "$F/ca.pem" --signer c@c.example ed.p7m
	exits 0
}

@test "key on the token, certificate in a file; and the reverse" {
	run_out ms-sign $PIN --key "$(of bob%20key)" --cert "$F/bob.pem" \
		--format cms "$F/plain"
	exits 0
	good out
	run_out ms-sign --key "$F/bob.key" --cert "$(of bob%20cert)" \
		--format cms "$F/plain"
	exits 0
	good out
	# another's certificate
	run_out ms-sign $PIN --key "$(of bob%20key)" --cert "$F/ana.pem" \
		--format cms "$F/plain"
	exits 66
	out_empty
	err_has "token 'T' has no private key for the certificate"
}

@test "the sender on a token is a reader; a token's certificate, too" {
	run_out ms-encrypt -r "$F/bob.pem" -i "$(of ana%20cert)" -o e.p7m \
		"$F/plain"
	exits 0
	run_out ms-decrypt --key "$F/ana.key" --cert "$F/ana.pem" e.p7m
	exits 0
	cmp out "$F/plain"
}

@test "one log-in a run" {
	spied
	ms-encrypt -r "$F/ana.pem" -r "$F/bob.pem" --no-self -o e.p7m \
		"$F/plain"
	U="pkcs11:token=T?module-path=$SPY"
	run_out ms-decrypt $PIN -i "$U" -i "$U" e.p7m
	exits 0
	cmp out "$F/plain"
	[ "$(calls C_Login)" = 1 ]
	# the first key that fits does not open it: two keys are used
	at=$(openssl asn1parse -inform DER -in e.p7m | sed -n \
		's/^ *\([0-9]*\):.*l= *40 prim: *OCTET STRING.*/\1/p' |
		head -n 1)
	printf '\1\2\3' | dd of=e.p7m bs=1 seek=$((at + 10)) conv=notrunc \
		2>/dev/null
	rm spy.log
	run_out ms-decrypt $PIN -i "$U" -i "$U" e.p7m
	exits 0
	cmp out "$F/plain"
	[ "$(calls C_DeriveKey)" -ge 1 ]
	[ "$(calls C_Decrypt)" = 1 ]
	[ "$(calls C_Login)" = 1 ]
	rm spy.log
	run_out ms-sign $PIN -i "$U" "$F/mail.eml"
	exits 0
	[ "$(calls C_Login)" = 1 ]
	[ "$(calls C_Sign)" = 1 ]
}

@test "no PIN is asked for where no private key is needed" {
	spied
	run_out setsid -w ms-encrypt -r "$F/bob.pem" \
		-i "pkcs11:token=T;id=%01?module-path=$SPY" -o e.p7m "$F/plain"
	exits 0
	[ "$(calls C_Login)" = 0 ]
	# a message for somebody else
	a_cert "$F/ca" "$PWD/eve" eve@e.example both
	ms-encrypt -r eve.pem --no-self -o eve.p7m "$F/plain"
	run_out setsid -w ms-decrypt -i "pkcs11:token=T?module-path=$SPY" \
		eve.p7m
	exits 1
	[ "$(calls C_Login)" = 0 ]
}

@test "a key that wants the PIN for each use" {
	init U
	openssl pkey -in "$F/bob.key" -outform DER -out key.der
	openssl x509 -in "$F/bob.pem" -outform DER -out cert.der
	u() {
		pkcs11-tool --module "$MODULE" --token-label U --login \
			--pin 1234 --id 07 "$@" >tool.log 2>&1
	}
	u --write-object key.der --type privkey --usage-sign --always-auth
	u --write-object cert.der --type cert
	run_out ms-sign $PIN -i "pkcs11:token=U?module-path=$MODULE" \
		--format cms "$F/plain"
	softhsm2-util --delete-token --token U >/dev/null
	exits 0
	good out
}

@test "the PIN: pin-source, the passphrase of keys, nobody to ask" {
	local u
	for u in "pin-source=file:$F/pin" "pin-source=$F/pin" \
		"pin-source=file://$F/pin"; do
		run_out ms-sign -i "$T&$u" --format cms "$F/plain" </dev/null
		exits 0
	done
	run_out ms-sign -i "$T" --passphrase-file "$F/pin" --format cms \
		"$F/plain"
	exits 0
	mkdir cred
	cp "$F/pin" cred/mailseal.pin
	CREDENTIALS_DIRECTORY=$PWD/cred run_out setsid -w ms-sign -i "$T" \
		--format cms "$F/plain"
	exits 0
	run_out setsid -w ms-sign -i "$T" --format cms "$F/plain"
	exits 77
	out_empty
	err_has "a PIN is needed for token 'T', and there is nobody to ask"
	err_has 'hint: --passphrase-file pin=FILE'
	cp "$F/pin" open
	chmod 644 open
	run_out ms-sign -i "$T&pin-source=$PWD/open" --format cms "$F/plain"
	exits 77
	err_has 'can be read by others'
	run_out ms-sign -i "$T&pin-source=$PWD/nowhere" --format cms "$F/plain"
	exits 77
	run_out ms-sign -i "$T&pin-source=%7Ccat%20pin" --format cms "$F/plain"
	exits 64
	err_has 'only a file is read'
}

@test "a wrong PIN is tried once" {
	spied
	ms-encrypt -r "$F/ana.pem" -r "$F/bob.pem" --no-self -o e.p7m \
		"$F/plain"
	run_out ms-decrypt --passphrase-file "pin=$F/bad" \
		-i "pkcs11:token=T?module-path=$SPY" e.p7m
	exits 77
	out_empty
	err_has "token 'T' refuses the PIN"
	err_has 'hint: '
	[ "$(calls C_Login)" = 1 ]
	run_out ms-sign --passphrase-file "pin=$F/bad" -i "$T" "$F/mail.eml"
	exits 77
	out_empty
}

@test "what is not there" {
	run_out ms-sign $PIN -i "pkcs11:token=X?module-path=$MODULE" \
		"$F/mail.eml"
	exits 69
	out_empty
	err_has 'the token that the PKCS#11 URI names is not there'
	err_has 'hint: plug it in'
	run_out ms-sign $PIN -i 'pkcs11:token=T?module-path=/nowhere.so' \
		"$F/mail.eml"
	exits 69
	err_has "cannot load PKCS#11 module '/nowhere.so'"
	run_out ms-sign $PIN -i 'pkcs11:token=T?module-name=nowhere' \
		"$F/mail.eml"
	exits 69
	err_has "cannot load PKCS#11 module 'nowhere'"
	run_out ms-sign $PIN -i "$(of nothing)" "$F/mail.eml"
	exits 66
	err_has 'the token has no certificate that the PKCS#11 URI names'
}

@test "what is no URI, and a PIN in it" {
	run_out ms-sign -i 'pkcs11:token' "$F/mail.eml"
	exits 64
	err_has 'RFC 7512 section 2.3'
	run_out ms-sign -i "$T&pin-value=1234" "$F/mail.eml"
	exits 64
	out_empty
	err_has 'carries a secret'
	printf 'identity = %s\n' "$T&pin-value=1234" \
		>"$MAILSEAL_HOME/mailseal.conf"
	run_out ms-sign "$F/mail.eml" -i "$T" $PIN
	exits 0
	run_out ms-sign --format cms "$F/plain"
	exits 64
	err_has 'others could read the PIN'
}

@test "only the module that is named is started" {
	mkdir -p "$HOME/.config/pkcs11/modules"
	spied
	echo "module: $SPY" >"$HOME/.config/pkcs11/modules/spy.module"
	echo "module: $MODULE" >"$HOME/.config/pkcs11/modules/hsm.module"
	run_out ms-sign $PIN -i "$T" "$F/mail.eml"
	exits 0
	[ ! -e spy.log ] || [ "$(calls C_Initialize)" = 0 ]
}

@test "several tokens fit: the certificate tells, else it is asked which" {
	init V
	run_out ms-sign $PIN -i "pkcs11:?module-path=$MODULE" "$F/mail.eml"
	exits 0
	run_out ms-sign $PIN --key "pkcs11:?module-path=$MODULE" \
		--cert "$F/bob.pem" --format cms "$F/plain"
	softhsm2-util --delete-token --token V >/dev/null
	exits 64
	err_has 'fits 2 tokens'
	err_has 'hint: name the one'
}

@test "ms-id import keeps a reference: an address finds the token's key" {
	run_out setsid -w ms-id import "$T"
	exits 0
	[ "$(ms-id list | wc -l)" = 2 ]
	not grep -q PRIVATE "$MAILSEAL_HOME"/data/identities/*.pem
	run_out ms-id show ana@a.example
	exits 0
	grep -q '^token	pkcs11:.*token=T;id=%01?module-path=' out
	grep -qx 'passphrase	no' out
	run_out ms-sign $PIN "$F/mail.eml"
	exits 0
	mv out signed.eml
	run_out ms-verify --trust "$F/ca.pem" signed.eml
	exits 0
	ms-encrypt -r "$F/bob.pem" --no-self -o e.p7m "$F/plain"
	run_out ms-decrypt $PIN e.p7m
	exits 0
	cmp out "$F/plain"
	run_out ms-id export --passphrase-file "export=$F/pin" ana@a.example
	exits 1
	out_empty
	err_has 'cannot leave the place where it is kept'
	run_out ms-id export --into cert ana@a.example
	exits 0
	cmp out <(openssl x509 -in "$F/ana.pem")
	if command -v jq >/dev/null; then
		ms-id list --json | jq -e '.token | startswith("pkcs11:")'
	fi
	# the token is away
	SOFTHSM2_CONF=/dev/null run_out ms-sign $PIN "$F/mail.eml"
	exits 69
	out_empty
	run_out ms-id forget "$(ms-id list ana@a.example | cut -f1)"
	exits 0
}

@test "ms-send signs with the token" {
	mkdir certs
	cp "$F/bob.pem" certs
	run_out ms-send --identity "$(of ana%20key)" $PIN --from ana@a.example \
		-s test --source dir:certs --trust "$F/ca.pem" --no-self \
		--transport "maildir:$PWD/md" bob@b.example <"$F/plain"
	exits 0
	ms-decrypt -q --key "$F/bob.key" --cert "$F/bob.pem" md/new/* >opened
	run_out ms-verify --trust "$F/ca.pem" opened
	exits 0
	grep -q '	good	ana@a.example	' out
}

@test "a timestamp authority's key on the token" {
	openssl genrsa -out tsa.key 2048 2>/dev/null
	openssl req -new -key tsa.key -subj /CN=tsa -config "$F/ca.cnf" \
		-out tsa.csr
	printf '%s\n' 'keyUsage = critical,digitalSignature' \
		'extendedKeyUsage = critical,timeStamping' >tsa.ext
	openssl x509 -req -in tsa.csr -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial 0x7777 -days 90 -extfile tsa.ext -out tsa.pem \
		2>/dev/null
	init S
	for f in key cert; do
		t=privkey
		[ $f = key ] || t=cert
		openssl "$([ $f = key ] && echo pkey || echo x509)" \
			-in "tsa.$([ $f = key ] && echo key || echo pem)" \
			-outform DER -out "$f.der"
		pkcs11-tool --module "$MODULE" --token-label S --login \
			--pin 1234 --id 01 --write-object "$f.der" --type $t \
			>/dev/null 2>&1
	done
	openssl ts -query -data "$F/plain" -sha256 -cert -out q.tsq 2>/dev/null
	run_out ms-tsad --once --clock trust $PIN \
		-i "pkcs11:token=S?module-path=$MODULE" <q.tsq
	exits 0
	openssl ts -verify -queryfile q.tsq -in out -CAfile "$F/ca.pem"
	# as a server, in processes that are closed in
	ms-tsad --listen 127.0.0.1:0 --ready-file ready --clock trust $PIN \
		-i "pkcs11:token=S?module-path=$MODULE" </dev/null >log 2>&1 \
		3>&- &
	PID=$!
	for i in $(seq 100); do
		[ ! -s ready ] || break
		sleep 0.05
	done
	for i in 1 2; do
		curl -sf --max-time 10 --data-binary @q.tsq -o resp \
			-H 'Content-Type: application/timestamp-query' \
			"http://$(head -n 1 ready)/"
		openssl ts -verify -queryfile q.tsq -in resp \
			-CAfile "$F/ca.pem"
	done
	# a wrong PIN shows at the start
	run_out ms-tsad --listen 127.0.0.1:0 --clock trust \
		--passphrase-file "pin=$F/bad" \
		-i "pkcs11:token=S?module-path=$MODULE"
	softhsm2-util --delete-token --token S >/dev/null
	exits 77
	err_has "token 'S' refuses the PIN"
}

@test "a key in a file loads libcrypto, popt and libc alone" {
	[ "${FLAVOUR:-release}" = release ] ||
		skip 'sanitizers are libraries too'
	cat "$F/ana.key" "$F/ana.pem" >ana.pem
	LD_DEBUG=files run_out ms-sign -i ana.pem "$F/mail.eml"
	exits 0
	sed -n 's/.*calling init: //p' err | sed 's|.*/||' | sort -u >loaded
	[ -s loaded ]
	not grep -Ev '^(ld-linux|libc\.|libcrypto\.|libpopt\.|libdl|libpthread)' \
		loaded
}
