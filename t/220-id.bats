#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-id: the store of one's own keys and certificates.

load lib/common
load lib/authority

setup_file() {
	need openssl
	cd "$BATS_FILE_TMPDIR" || return
	a_ca ca
	a_cert ca ana ana@citizen.example encrypt
	a_cert ca sig ana@citizen.example sign
	echo geheim >pw
	echo other >pw2
	chmod 600 pw pw2
	openssl pkcs12 -export -in ana.pem -inkey ana.key -certfile ca.pem \
		-passout file:pw -out ana.p12
	cat ana.key ana.pem >clear.pem
	{ openssl pkcs8 -topk8 -in sig.key -passout file:pw; cat sig.pem; } \
		>sig-enc.pem
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	IDS=$MAILSEAL_HOME/data/identities
	PW="--passphrase-file $F/pw"
}

# The private key in a PEM file, for comparing.
key_of() {
	openssl pkey -in "$1" -passin "file:${2:-$F/pw}" -outform DER |
		sha256sum
}

@test "import PKCS#12 of openssl, list, show, forget" {
	run_out ms-id import $PW "$F/ana.p12"
	exits 0
	out_empty
	[ "$(stat -c %a "$IDS")" = 700 ]
	[ "$(stat -c %a "$IDS"/*.pem)" = 600 ]
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$IDS"/*.pem
	[ "$(grep -c 'BEGIN CERT' "$IDS"/*.pem)" = 2 ]
	[ "$(key_of "$IDS"/*.pem)" = "$(key_of "$F/ana.key")" ]
	name=$(openssl x509 -in "$F/ana.pem" -outform DER | sha256sum |
		cut -c1-16)
	run_out ms-id list
	exits 0
	[ "$(cut -f1-3,6 out)" = \
"$name	ana@citizen.example	encrypt	CN=ana@citizen.example" ]
	cut -f4 out | grep -Eqx '20..-..-..T..:..:..Z'
	run_out ms-id show ana@citizen.example
	exits 0
	grep -qx "name	$name" out
	grep -qx 'issuer	CN=ca' out
	grep -qx 'key	EC 256' out
	grep -qx 'passphrase	yes' out
	run_out ms-id show "$name"
	exits 0
	run_out ms-id list nobody@x.example
	exits 0
	out_empty
	run_out ms-id forget "$name"
	exits 0
	run_out ms-id show "$name"
	exits 66
	err_has "no identity '$name' in the store"
	err_has 'hint: ms-id list'
}

@test "legacy PKCS#12 (RC2, 3DES)" {
	openssl pkcs12 -legacy -export -in "$F/ana.pem" -inkey "$F/ana.key" \
		-passout "file:$F/pw" -out old.p12 2>/dev/null ||
		skip 'openssl has no legacy provider'
	run_out ms-id import $PW old.p12
	exits 0
	[ "$(key_of "$IDS"/*.pem)" = "$(key_of "$F/ana.key")" ]
}

@test "import PEM: encrypted, in clear, from stdin, two at once" {
	run_out ms-id import $PW - <"$F/sig-enc.pem"
	exits 0
	run_out ms-id import --no-passphrase "$F/clear.pem"
	exits 0
	[ "$(ms-id list | wc -l)" = 2 ]
	[ "$(ms-id list ana@citizen.example | cut -f3 | sort | tr '\n' ' ')" = \
		'encrypt sign ' ]
	grep -l 'BEGIN PRIVATE KEY' "$IDS"/*.pem
	[ "$(ms-id show ana@citizen.example | grep -c '^passphrase	no')" = 1 ]
	run_out ms-id forget ana@citizen.example
	exits 64
	err_has '2 identities of ana@citizen.example'
	err_has 'hint: name one of them'
	[ "$(ms-id list | wc -l)" = 2 ]
	rm -r "$IDS"
	run_out ms-id import $PW "$F/sig-enc.pem" "$F/ana.p12"
	exits 0
	[ "$(ms-id list | wc -l)" = 2 ]
}

@test "what was in clear gets a passphrase, or --no-passphrase" {
	run_out setsid -w ms-id import "$F/clear.pem"
	exits 77
	err_has 'nobody to ask'
	err_has 'hint: --passphrase-file export=FILE'
	[ ! -e "$IDS" ]
	run_out ms-id import --passphrase-file "export=$F/pw2" "$F/clear.pem"
	exits 0
	[ "$(key_of "$IDS"/*.pem "$F/pw2")" = "$(key_of "$F/ana.key")" ]
	rm -r "$IDS"
	run_out ms-id import $PW --passphrase-file "export=$F/pw2" \
		--new-passphrase "$F/ana.p12"
	exits 0
	[ "$(key_of "$IDS"/*.pem "$F/pw2")" = "$(key_of "$F/ana.key")" ]
}

@test "what cannot be imported" {
	run_out ms-id import --passphrase-file "$F/pw2" "$F/ana.p12"
	exits 77
	out_empty
	err_has 'ana.p12'
	run_out setsid -w ms-id import "$F/ana.p12"
	exits 77
	err_has 'nobody to ask'
	run_out ms-id import "$F/ana.pem"
	exits 65
	err_has 'no private key in it'
	err_has 'hint: '
	run_out ms-id import --no-passphrase "$F/ana.key"
	exits 65
	err_has 'no certificate beside the private key'
	err_has 'hint: put key and certificate into one'
	head -c 400 "$F/ana.p12" >cut.p12
	run_out ms-id import $PW cut.p12
	exits 65
	err_has cut.p12
	run_out ms-id import nowhere.p12
	exits 66
	run_out ms-id import </dev/null
	exits 65
	err_has 'did the program before it fail?'
	[ ! -e "$IDS" ]
}

@test "export PKCS#12 that openssl opens" {
	ms-id import $PW "$F/ana.p12"
	run_out ms-id export $PW --passphrase-file "export=$F/pw2" -o out.p12 \
		ana@citizen.example
	exits 0
	out_empty
	[ "$(stat -c %a out.p12)" = 600 ]
	openssl pkcs12 -in out.p12 -passin "file:$F/pw2" -nodes -out all.pem
	[ "$(key_of all.pem)" = "$(key_of "$F/ana.key")" ]
	[ "$(grep -c 'BEGIN CERT' all.pem)" = 2 ]
	openssl pkcs12 -in out.p12 -passin "file:$F/pw2" -info -noout 2>&1 |
		grep -q 'PBES2.*AES-256-CBC'
	run_out ms-id export $PW --no-passphrase ana@citizen.example
	exits 64
	out_empty
	err_has 'PKCS#12 is always encrypted'
	run_out setsid -w ms-id export $PW ana@citizen.example
	exits 77
	out_empty
	err_has 'nobody to ask'
	run_out ms-id export --passphrase-file "$F/pw2" ana@citizen.example
	exits 77
	out_empty
	: >empty
	chmod 600 empty
	run_out ms-id export $PW --passphrase-file export=empty \
		ana@citizen.example
	exits 77
	out_empty
}

@test "export PEM and certificates" {
	ms-id import $PW "$F/ana.p12"
	run_out ms-id export $PW --passphrase-file "export=$F/pw2" \
		--into pem ana@citizen.example
	exits 0
	[ "$(key_of out "$F/pw2")" = "$(key_of "$F/ana.key")" ]
	run_out ms-id export $PW --into pem --no-passphrase \
		-o k.pem ana@citizen.example
	exits 0
	[ "$(stat -c %a k.pem)" = 600 ]
	grep -q 'BEGIN PRIVATE KEY' k.pem
	[ "$(key_of k.pem)" = "$(key_of "$F/ana.key")" ]
	run_out ms-id export --into cert ana@citizen.example
	exits 0
	cmp out <(openssl x509 -in "$F/ana.pem")
	run_out ms-id export --into cert nobody@x.example
	exits 66
	out_empty
}

@test "--json" {
	need jq
	ms-id import $PW "$F/ana.p12"
	run_out ms-id list --json
	exits 0
	[ "$(jq -r '[.version, .type, .addresses[0], .use, .passphrase] | @tsv' \
		out)" = '1	identity	ana@citizen.example	encrypt	true' ]
	[ "$(jq -r .sha256 out)" = "$(openssl x509 -in "$F/ana.pem" \
		-outform DER | sha256sum | cut -d' ' -f1)" ]
}

@test "wrong usage" {
	run_out ms-id
	exits 64
	err_has 'a command is missing'
	run_out ms-id steal
	exits 64
	err_has "unknown command 'steal'"
	run_out ms-id show
	exits 64
	err_has 'show takes one ADDRESS or NAME'
	run_out ms-id forget a@x.example b@x.example
	exits 64
	run_out ms-id show nonsense
	exits 65
	err_has "'nonsense' is neither an address nor a NAME"
}

@test "a damaged file in the store is named" {
	ms-id import $PW "$F/ana.p12"
	echo junk >"$IDS/0123456789abcdef.pem"
	run_out ms-id list
	exits 65
	err_has 0123456789abcdef.pem
	: >"$IDS/README"
	rm "$IDS/0123456789abcdef.pem"
	run_out ms-id list
	exits 0
	[ "$(wc -l <out)" = 1 ]
}

@test "the examples of the manual page" {
	cp "$F/ana.p12" "$F/pw" "$F/pw2" .
	examples ms-id.1 >run
	[ -s run ]
	run_out bash -euxo pipefail run
	exits 0
	cmp ana.pem <(openssl x509 -in "$F/ana.pem")
	[ -s keys.p12 ]
}

@test "a passphrase is asked only for the key that fits" {
	a_cert "$F/ca" "$PWD/two" two@citizen.example encrypt
	ms-id import $PW "$F/ana.p12"
	openssl pkcs12 -export -in two.pem -inkey two.key \
		-passout file:"$F/pw2" -out two.p12
	ms-id import --passphrase-file "$F/pw2" two.p12
	echo secret >plain
	ms-encrypt -r "$F/ana.pem" --no-self plain >sealed
	# Both keys are in the store, only one passphrase is given.
	run_out ms-decrypt $PW sealed
	exits 0
	cmp plain out
	run_out ms-decrypt --passphrase-file "$F/pw2" sealed
	exits 77
	out_empty
	run_out setsid -w ms-decrypt sealed
	exits 77
	err_has ana@citizen.example
}
