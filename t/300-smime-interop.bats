#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Both directions with openssl, gpgsm and certtool, for RSA-2048, RSA-PSS,
# P-256 and P-384.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert rsa alice@a.example rsa digitalSignature
	smime_cert pss alice@a.example pss digitalSignature
	smime_cert p256 alice@a.example p256 digitalSignature
	smime_cert p384 alice@a.example p384 digitalSignature
	smime_cert brsa bob@b.example rsa keyEncipherment
	smime_cert bp256 bob@b.example p256 keyAgreement
	smime_cert bp384 bob@b.example p384 keyAgreement
	smime_mail >mail.eml
	sed 's/$/\r/' mail.eml >crlf.eml
	printf 'From: alice@a.example\nTo: bob@b.example\n' >bare.eml
	printf 'From: alice@a.example\nTo: bob@b.example\n\n' >empty.eml
	printf 'From: alice@a.example\nTo: b@b.example\n\nno line end' >end.eml
	printf 'From: alice@a.example\nTo: b@b.example\n\n\n\n\n' >blank.eml
	printf '%s\n' 'From: alice@a.example' 'To: b@b.example' \
		'MIME-Version: 1.0' 'Content-Type: multipart/mixed;' \
		'	boundary="x"' '' '--x' '' one '--x' \
		'Content-Type: text/html' '' '<p>two' '--x--' '-- ' '--x--' \
		>multi.eml
	printf 'From: alice@a.example\nTo: b@b.example\n\na\rb\r\nc\nd\r\r\n' \
		>mixed.eml
	head -c 100000 /dev/urandom >file.bin
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
}

gpg_home() {
	need gpgsm
	export GNUPGHOME=$HOME/gpg
	mkdir -m 700 "$GNUPGHOME"
	echo disable-crl-checks >"$GNUPGHOME/gpgsm.conf"
	openssl x509 -in "$F/ca.pem" -noout -fingerprint -sha1 |
		sed 's/.*=//; s/$/ S relax/' >"$GNUPGHOME/trustlist.txt"
	# started here, so that no command has to wait for another's start
	gpgconf --launch gpg-agent
	gpgsm --batch -q --import "$F/ca.pem" "$F/rsa.crt" "$F/brsa.crt"
}

teardown() {
	[ -z "${GNUPGHOME:-}" ] || gpgconf --kill all
}

@test "openssl verifies what ms-sign makes of a message" {
	local k o
	for k in rsa pss p256 p384; do
		for o in --no-opaque --opaque; do
			ms-sign -i "$F/$k.pem" $o "$F/mail.eml" >s.eml
			openssl cms -verify -in s.eml -CAfile "$F/ca.pem" \
				-out got 2>err
			tr -d '\r' <got | cmp - <(sed 1,5d "$F/mail.eml")
			run_out ms-verify --trust "$F/ca.pem" s.eml
			exits 0
		done
	done
	ms-sign -i "$F/rsa.pem" --pss "$F/mail.eml" >s.eml
	openssl cms -verify -in s.eml -CAfile "$F/ca.pem" -out got 2>err
	openssl cms -cmsout -print -in s.eml | grep -q rsassaPss
}

@test "the same for bodies of every shape" {
	local m o
	for m in crlf bare empty end blank multi mixed; do
		for o in --no-opaque --opaque; do
			ms-sign -i "$F/p256.pem" $o "$F/$m.eml" >s.eml
			openssl cms -verify -in s.eml -CAfile "$F/ca.pem" \
				-out got 2>err || { echo "$m $o"; return 1; }
			run_out ms-verify --trust "$F/ca.pem" s.eml
			exits 0
		done
	done
}

@test "line ends and outer fields stay as they were" {
	ms-sign -i "$F/p256.pem" "$F/mail.eml" >lf.eml
	not grep -q $'\r' lf.eml
	ms-sign -i "$F/p256.pem" "$F/crlf.eml" >crlf.eml
	[ "$(grep -c $'\r$' crlf.eml)" = "$(wc -l <crlf.eml)" ]
	head -n 5 lf.eml | cmp - <(head -n 5 "$F/mail.eml")
	head -n 5 crlf.eml | cmp - <(head -n 5 "$F/crlf.eml")
	grep -q '^MIME-Version: 1.0$' lf.eml
	[ "$(ms-sign -i "$F/p256.pem" "$F/multi.eml" |
		grep -ci '^MIME-Version')" = 1 ]
	sed 's/$/\r/' lf.eml | ms-verify --trust "$F/ca.pem"
	tr -d '\r' <crlf.eml | ms-verify --trust "$F/ca.pem"
}

@test "openssl, certtool and gpgsm verify what ms-sign makes of a file" {
	local k
	for k in rsa pss p256 p384; do
		ms-sign -i "$F/$k.pem" "$F/file.bin" >f.p7m
		openssl cms -verify -binary -inform DER -in f.p7m \
			-CAfile "$F/ca.pem" 2>err | cmp - "$F/file.bin"
		ms-sign -i "$F/$k.pem" --armor <"$F/file.bin" >f.pem
		openssl cms -verify -binary -inform PEM -in f.pem \
			-CAfile "$F/ca.pem" 2>err | cmp - "$F/file.bin"
		ms-sign -i "$F/$k.pem" --detached "$F/file.bin" >f.p7s
		openssl cms -verify -binary -inform DER -in f.p7s \
			-content "$F/file.bin" -CAfile "$F/ca.pem" \
			-out /dev/null 2>err
		run_out ms-verify --trust "$F/ca.pem" --signature f.p7s \
			--signer alice@a.example "$F/file.bin"
		exits 0
		run_out ms-verify --trust "$F/ca.pem" -x f.pem
		exits 0
		cmp out "$F/file.bin"
		need certtool
		certtool --p7-verify --inder --infile f.p7s \
			--load-data "$F/file.bin" \
			--load-ca-certificate "$F/ca.pem" >log 2>&1
	done
	gpg_home
	ms-sign -i "$F/rsa.pem" --detached "$F/file.bin" >f.p7s
	gpgsm --batch -q --verify f.p7s "$F/file.bin"
}

@test "ms-verify reads what openssl and gpgsm sign" {
	local k
	tail -n +6 "$F/mail.eml" >entity
	for k in rsa p256 p384; do
		for o in '' -nodetach -noattr -keyid; do
			openssl cms -sign $o -in entity -signer "$F/$k.crt" \
				-inkey "$F/$k.key" -from alice@a.example \
				-to bob@b.example -out s.eml
			run_out ms-verify --trust "$F/ca.pem" s.eml
			exits 0 || { echo "$k $o"; cat out; return 1; }
		done
		openssl cms -sign -binary -in "$F/file.bin" -outform DER \
			-nodetach -signer "$F/$k.crt" -inkey "$F/$k.key" \
			-stream -out f.p7m
		run_out ms-verify --trust "$F/ca.pem" -x f.p7m
		exits 0
		cmp out "$F/file.bin"
	done
	openssl cms -sign -in entity -signer "$F/rsa.crt" -inkey "$F/rsa.key" \
		-keyopt rsa_padding_mode:pss -from alice@a.example \
		-to bob@b.example -out s.eml
	run_out ms-verify --trust "$F/ca.pem" s.eml
	exits 0
	gpg_home
	openssl pkcs12 -export -in "$F/rsa.pem" -passout pass:x -out p12 \
		-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
	echo x | gpgsm --batch -q --pinentry-mode loopback --passphrase-fd 0 \
		--import p12
	for o in '' --armor; do
		echo x | gpgsm --batch -q --pinentry-mode loopback \
			--passphrase-fd 0 $o -u alice@a.example \
			--sign -o g.p7m --yes "$F/file.bin"
		run_out ms-verify --trust "$F/ca.pem" -x g.p7m
		exits 0
		cmp out "$F/file.bin"
	done
}

@test "openssl opens what ms-encrypt makes" {
	local r c
	for r in brsa bp256 bp384; do
		for c in aes-256-gcm aes-128-gcm aes-256-cbc aes-128-cbc; do
			ms-encrypt -r "$F/$r.crt" --cipher $c "$F/mail.eml" \
				>e.eml
			openssl cms -decrypt -in e.eml -inkey "$F/$r.key" \
				-recip "$F/$r.crt" -out got
			tr -d '\r' <got | cmp - <(sed 1,5d "$F/mail.eml")
			run_out ms-decrypt -i "$F/$r.pem" e.eml
			exits 0
			grep -v '^MIME-Version' out | cmp - "$F/mail.eml"
		done
		ms-encrypt -r "$F/$r.crt" "$F/file.bin" >f.p7m
		openssl cms -decrypt -inform DER -in f.p7m \
			-inkey "$F/$r.key" | cmp - "$F/file.bin"
		cat "$F/file.bin" | ms-encrypt -r "$F/$r.crt" >f.p7m
		openssl cms -decrypt -inform DER -in f.p7m \
			-inkey "$F/$r.key" | cmp - "$F/file.bin"
	done
	ms-encrypt -r "$F/brsa.crt" --oaep --armor "$F/file.bin" >f.pem
	openssl cms -decrypt -inform PEM -in f.pem -inkey "$F/brsa.key" |
		cmp - "$F/file.bin"
}

@test "gpgsm opens what ms-encrypt makes, and the other way" {
	gpg_home
	openssl pkcs12 -export -in "$F/brsa.pem" -passout pass:x -out p12 \
		-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
	echo x | gpgsm --batch -q --pinentry-mode loopback --passphrase-fd 0 \
		--import p12
	ms-encrypt -r "$F/brsa.crt" "$F/file.bin" >f.p7m
	echo x | gpgsm --batch -q --pinentry-mode loopback --passphrase-fd 0 \
		--decrypt f.p7m | cmp - "$F/file.bin"
	gpgsm --batch -q -e -r bob@b.example -o g.p7m "$F/file.bin"
	run_out ms-decrypt -i "$F/brsa.pem" g.p7m
	exits 0
	err_has 'warning: nothing proves that this was not changed'
	cmp out "$F/file.bin"
}

@test "ms-decrypt opens what openssl makes" {
	local r c
	for r in brsa bp256 bp384; do
		for c in -aes256 -aes128 -aes-256-gcm; do
			openssl cms -encrypt -binary -stream $c \
				-in "$F/file.bin" -outform DER -out f.p7m \
				-recip "$F/$r.crt"
			run_out ms-decrypt -i "$F/$r.pem" f.p7m
			exits 0
			cmp out "$F/file.bin"
			openssl cms -encrypt -text $c -in "$F/end.eml" \
				-from alice@a.example -to b@b.example \
				-out e.eml "$F/$r.crt"
			run_out ms-decrypt -i "$F/$r.pem" e.eml
			exits 0
			grep -q '^no line end' out
		done
	done
	openssl cms -encrypt -binary -aes-256-gcm -in "$F/file.bin" \
		-outform DER -out f.p7m -recip "$F/brsa.crt" \
		-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
	run_out ms-decrypt -i "$F/brsa.pem" f.p7m
	exits 0
	cmp out "$F/file.bin"
	# what has no header of its own is a body
	echo 'no header here' >text
	openssl cms -encrypt -aes128 -in text -from alice@a.example \
		-to b@b.example -out e.eml "$F/brsa.crt"
	run_out ms-decrypt -i "$F/brsa.pem" e.eml
	exits 0
	[ "$(sed '1,/^$/d' out)" = 'no header here' ]
}

@test "signed, then encrypted, then the other way round" {
	local c
	for c in aes-256-gcm aes-256-cbc; do
		ms-sign -i "$F/p256.pem" "$F/mail.eml" |
			ms-encrypt -r "$F/brsa.crt" -r "$F/bp384.crt" \
			--cipher $c >se.eml
		run_out ms-decrypt -i "$F/bp384.pem" --require-integrity se.eml
		exits 0
		mv out opened.eml
		run_out ms-verify --trust "$F/ca.pem" -x opened.eml
		exits 0
		sed -n "/^Content-/,\$p" "$F/mail.eml" | cmp - out
		openssl cms -decrypt -in se.eml -inkey "$F/brsa.key" \
			-recip "$F/brsa.crt" -out entity
		openssl cms -verify -in entity -CAfile "$F/ca.pem" -out got
	done
}

@test "RFC 9216 keys open and verify their objects" {
	local V=$VECTORS/rfc9216
	[ -d "$V" ] || skip "the RFC 9216 vectors are not here"
	local at=2020-06-01
	cat "$V"/lamps-bob.decrypt.p8.pem "$V"/lamps-bob.encrypt.crt >bob.pem
	cat "$V"/lamps-dana.decrypt.p8.pem "$V"/lamps-dana.encrypt.crt \
		>dana.pem
	for f in bob:encryptedForBobRSAOaep bob:encryptedForBobAndDana \
		dana:encryptedForBobAndDana dana:authEnvelopedForDanaX25519HKDF \
		bob:authEnvelopedForBobChaCha20Poly1305; do
		run_out ms-decrypt -i "${f%%:*}.pem" "$V/${f#*:}.p7m"
		exits 0
		[ -s out ]
	done
	for f in signedByAliceRSA signedByAliceRSAPSS signedByCarlosEd25519; do
		run_out ms-verify --json --at $at "$V/$f.p7m"
		exits 1
		grep -q '"code":"value"' out
		grep -q '"verdict":"undecided"' out
		not grep -q '"verdict":"bad"' out
	done
}
