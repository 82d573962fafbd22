#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signing, encrypting and decrypting: options, recipients, refusals.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert alice alice@a.example p256 digitalSignature
	smime_cert alice-enc alice@a.example p256 keyAgreement
	smime_cert bob bob@b.example rsa keyEncipherment
	smime_cert carol carol@c.example p384 keyAgreement
	smime_cert old bob@b.example p256 keyAgreement -days 1
	smime_mail >mail.eml
	mkdir certs
	cp bob.crt certs/bob.pem
	cp carol.crt certs/carol.pem
	head -c 100000 /dev/urandom >file.bin
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
}

readers() {
	openssl cms -cmsout -print -in "$1" "${@:2}" |
		grep -Ec 'd\.(ktri|kari):'
}

# ---- ms-sign

@test "ms-sign: a signer that is not the From" {
	smime_mail eve@e.example >eve.eml
	run_out ms-sign -i "$F/alice.pem" eve.eml
	exits 1
	err_has 'is not for the sender, eve@e.example'
	err_has 'hint: sign with a key of eve@e.example, or --allow-other-from'
	out_empty
	run_out ms-sign -i "$F/alice.pem" --allow-other-from eve.eml
	exits 0
	sed 's/^From: .*/&, alice@a.example/' "$F/mail.eml" >two.eml
	run_out ms-sign -i "$F/alice.pem" two.eml
	exits 65
	err_has 'From names 2 mailboxes'
	out_empty
	sed 's/^From: .*/&\n&/' "$F/mail.eml" >two.eml
	run_out ms-sign -i "$F/alice.pem" two.eml
	exits 65
	err_has '2 From fields'
	out_empty
}

@test "ms-sign: a timestamp authority that is down" {
	run_out ms-sign -i "$F/alice.pem" --tsa http://127.0.0.1:9/ \
		"$F/mail.eml"
	exits 75
	out_empty
	run_out ms-sign -i "$F/alice.pem" --tsa http://127.0.0.1:9/ \
		-o signed.eml "$F/mail.eml"
	exits 75
	[ ! -e signed.eml ]
	run_out ms-sign -i "$F/alice.pem" --tsa http://127.0.0.1:9/ \
		--tsa none "$F/mail.eml"
	exits 0
}

@test "ms-sign: the time is left out when Date is another" {
	claims() {
		ms-sign -i "$F/alice.pem" "$1" |
			ms-verify --trust "$F/ca.pem" | grep -c 'signer claims'
	}
	[ "$(claims "$F/mail.eml")" = 1 ]
	sed "s/^Date: .*/Date: $(date -R -d '-2 hours')/" "$F/mail.eml" >d.eml
	[ "$(claims d.eml)" = 0 ]
	sed "s/^Date: .*/Date: $(date -R -d '+2 hours')/" "$F/mail.eml" >d.eml
	[ "$(claims d.eml)" = 0 ]
	sed "s/^Date: .*/Date: yesterday/" "$F/mail.eml" >d.eml
	[ "$(claims d.eml)" = 0 ]
	sed "/^Date: /d" "$F/mail.eml" >d.eml
	[ "$(claims d.eml)" = 0 ]
}

@test "ms-sign: the identity store, by From" {
	ms-id import --no-passphrase "$F/alice.pem" >/dev/null
	run_out ms-sign "$F/mail.eml"
	exits 0
	run_out ms-sign -i alice@a.example --format cms "$F/mail.eml"
	exits 0
	run_out ms-sign -i bob@b.example "$F/mail.eml"
	exits 66
	out_empty
	run_out ms-sign -i "$F/alice-enc.pem" "$F/mail.eml"
	exits 66
	err_has 'keyUsage'
	out_empty
}

@test "ms-sign: what cannot be signed" {
	printf '%%PDF-1.7\n' >a.pdf
	run_out ms-sign -i "$F/alice.pem" a.pdf
	exits 65
	err_has 'section 7.5.5'
	out_empty
	run_out ms-encrypt -r "$F/bob.crt" a.pdf
	exits 69
	err_has 'PDF is not supported yet'
	err_has 'hint: --format cms takes it as a file'
	out_empty
	run_out ms-sign -i "$F/alice.pem" --format cms a.pdf
	exits 0
	run_out ms-sign -i "$F/alice.pem" --detached "$F/mail.eml"
	exits 64
	err_has '--detached is for files'
	sed 's/8bit/binary/' "$F/mail.eml" >b.eml
	run_out ms-sign -i "$F/alice.pem" b.eml
	exits 65
	err_has 'RFC 8551 section 3.1.3'
	out_empty
	sed 's/^Content-Type.*/&\n&/' "$F/mail.eml" >b.eml
	run_out ms-sign -i "$F/alice.pem" b.eml
	exits 65
	err_has 'more than one Content-Type'
	out_empty
	sed 's/^X-Other.*/this is no field/' "$F/mail.eml" >b.eml
	run_out ms-sign -i "$F/alice.pem" b.eml
	exits 65
	err_has 'RFC 5322 section 2.2'
	out_empty
	run_out ms-sign -i "$F/alice.pem" </dev/null
	exits 65
	err_has 'hint: did the program before it fail?'
}

@test "ms-sign -v says what the input is taken for" {
	said() {
		ms-sign -v -i "$F/alice.pem" "$1" 2>&1 >/dev/null |
			grep -q "taken as $2"
	}
	said "$F/mail.eml" 'a message'
	said "$F/file.bin" 'a file'
	ms-sign -i "$F/alice.pem" "$F/file.bin" >f.p7m
	said f.p7m CMS
	printf 'Subject: x\nFrom: y\n\n' >notmail
	said notmail 'a file'
	{ echo 'From bob Mon Jan  1 00:00:00 2026'; cat "$F/mail.eml"; } >mbox
	said mbox 'a message'
}

@test "ms-sign --chain sends certificates along" {
	ms-sign -i "$F/alice.pem" --chain "$F/carol.crt" "$F/file.bin" >f.p7m
	[ "$(openssl cms -cmsout -print -inform DER -in f.p7m |
		grep -c 'd\.certificate')" = 2 ]
}

# ---- ms-encrypt

@test "ms-encrypt: recipients by file, by list, by address, by message" {
	local L=(--source "dir:$F/certs" --trust "$F/ca.pem")
	ms-encrypt -r "$F/bob.crt" -r "$F/carol.crt" -r "$F/bob.crt" \
		"$F/mail.eml" >e.eml
	[ "$(readers e.eml)" = 2 ]
	printf '# both\n%s\n\n  carol@c.example\r\n' "$F/bob.crt" >list
	ms-encrypt "${L[@]}" -R list "$F/mail.eml" >e.eml
	[ "$(readers e.eml)" = 2 ]
	ms-encrypt "${L[@]}" -t "$F/mail.eml" >e.eml
	[ "$(readers e.eml)" = 1 ]
	run_out ms-decrypt -i "$F/bob.pem" e.eml
	exits 0
	sed 's/^To: .*/&\nCc: Carol <carol@c.example>/' "$F/mail.eml" >cc.eml
	ms-encrypt "${L[@]}" -t <cc.eml >e.eml
	[ "$(readers e.eml)" = 2 ]
	run_out ms-encrypt -t "$F/mail.eml"
	exits 78
	err_has 'nowhere to look certificates up'
	run_out ms-encrypt --source "dir:$F/certs" -t "$F/mail.eml"
	exits 78
	err_has 'no trust anchors'
	run_out ms-encrypt "$F/mail.eml"
	exits 64
	err_has 'no recipient'
	run_out ms-encrypt -t "${L[@]}" "$F/file.bin"
	exits 64
}

@test "ms-encrypt: a recipient without a certificate stops all" {
	run_out ms-encrypt --source "dir:$F/certs" --trust "$F/ca.pem" \
		-r bob@b.example -r eve@e.example "$F/mail.eml"
	exits 1
	err_has 'eve@e.example: '
	err_has '1 of 2 recipients cannot be encrypted to'
	err_has 'hint: ms-lookup --why'
	out_empty
	run_out ms-encrypt -r "$F/alice.crt" -o e.eml "$F/mail.eml"
	exits 1
	err_has 'RFC 5280 section 4.2.1.3: keyUsage lacks'
	[ ! -e e.eml ]
	run_out ms-encrypt -r "$F/old.crt" --at 2100-01-01 "$F/mail.eml"
	exits 1
	err_has 'old.crt: '
	run_out ms-encrypt -r "$F/missing.crt" "$F/mail.eml"
	exits 66
	out_empty
	run_out ms-encrypt --source dir:/nonexistent --trust "$F/ca.pem" \
		-r bob@b.example "$F/mail.eml"
	[ "$status" != 0 ]
	out_empty
}

@test "ms-encrypt -t refuses Bcc" {
	sed 's/^To: .*/&\nBcc: carol@c.example/' "$F/mail.eml" >b.eml
	run_out ms-encrypt --source "dir:$F/certs" --trust "$F/ca.pem" -t b.eml
	exits 65
	err_has 'Bcc'
	err_has 'hint: ms-send'
	out_empty
}

@test "ms-encrypt encrypts to the sender, unless told not to" {
	ms-id import --no-passphrase "$F/alice-enc.pem" >/dev/null
	ms-encrypt -r "$F/bob.crt" "$F/mail.eml" >e.eml
	[ "$(readers e.eml)" = 2 ]
	run_out ms-decrypt e.eml
	exits 0
	ms-encrypt -r "$F/bob.crt" --no-self "$F/mail.eml" >e.eml
	[ "$(readers e.eml)" = 1 ]
	run_out ms-decrypt e.eml
	exits 1
	err_has 'no key here fits: 1 recipient, 1 identity'
	out_empty
	ms-encrypt -r "$F/bob.crt" -i alice@a.example "$F/file.bin" >e.p7m
	[ "$(readers e.p7m -inform DER)" = 2 ]
}

@test "ms-encrypt: the cipher" {
	ms-encrypt -v -r "$F/bob.crt" "$F/file.bin" 2>err >f.p7m
	err_has 'cipher aes-256-cbc'
	openssl cms -cmsout -print -inform DER -in f.p7m | grep -q aes-256-cbc
	local c
	for c in aes-256-gcm aes-128-gcm aes-256-cbc aes-128-cbc \
		chacha20-poly1305; do
		ms-encrypt --cipher $c -r "$F/carol.crt" "$F/file.bin" >f.p7m
		ms-decrypt -q -i "$F/carol.pem" f.p7m | cmp - "$F/file.bin"
	done
	run_out ms-encrypt --cipher des -r "$F/bob.crt" "$F/file.bin"
	exits 64
}

@test "ms-encrypt: nothing but the envelope shows" {
	ms-encrypt -r "$F/bob.crt" "$F/mail.eml" >e.eml
	not grep -q 'two lines' e.eml
	grep -q '^Subject: a notice$' e.eml
	grep -q 'smime-type=enveloped-data' e.eml
	ms-encrypt --cipher aes-256-gcm -r "$F/bob.crt" "$F/mail.eml" >e.eml
	grep -q 'smime-type=authEnveloped-data' e.eml
	[ "$(grep -c '^Content-Type' e.eml)" = 1 ]
}

# ---- ms-decrypt

@test "ms-decrypt: what is not encrypted" {
	run_out ms-decrypt "$F/mail.eml"
	exits 1
	err_has 'not encrypted'
	out_empty
	run_out ms-decrypt --if-encrypted "$F/mail.eml"
	exits 0
	cmp out "$F/mail.eml"
	run_out ms-decrypt --if-encrypted <"$F/file.bin"
	exits 0
	cmp out "$F/file.bin"
	ms-sign -i "$F/alice.pem" --opaque "$F/mail.eml" >s.eml
	run_out ms-decrypt -i "$F/bob.pem" s.eml
	exits 1
	err_has 'not encrypted: this is signedData'
	out_empty
}

@test "ms-decrypt: an encrypted part among others is not opened" {
	ms-encrypt -r "$F/bob.crt" "$F/mail.eml" >e.eml
	{ sed '/^MIME-Version/,$d' e.eml
		printf '%s\n' 'Content-Type: multipart/mixed; boundary=x' '' \
			--x 'Content-Type: text/html' '' \
			'<img src="http://e.example/' --x
		sed -n '/^Content-Type/,$p' e.eml
		printf '%s\n' --x-- ; } >m.eml
	run_out ms-decrypt -i "$F/bob.pem" m.eml
	exits 1
	err_has 'the message as a whole is not encrypted'
	err_has 'hint: save that part'
	out_empty
}

@test "ms-decrypt: AES-CBC, signed inside or not" {
	ms-encrypt -r "$F/bob.crt" "$F/mail.eml" >e.eml
	run_out ms-decrypt -i "$F/bob.pem" e.eml
	exits 0
	err_has 'warning: nothing proves that this was not changed'
	run_out ms-decrypt -i "$F/bob.pem" --require-integrity e.eml
	exits 1
	err_has 'nothing proves the integrity of this aes-256-cbc content'
	out_empty
	# whether the padding was right is not told
	mv err plain
	ms-encrypt -r "$F/bob.crt" --format cms "$F/mail.eml" >e.p7m
	python3 -c 'd = bytearray(open("e.p7m", "rb").read())
d[-17] ^= 0x80
open("e.p7m", "wb").write(d)'
	run_out ms-decrypt -i "$F/bob.pem" e.p7m
	exits 65
	run_out ms-decrypt -i "$F/bob.pem" --require-integrity e.p7m
	exits 1
	out_empty
	cmp err plain
	local o
	for o in --no-opaque --opaque; do
		ms-sign -i "$F/alice.pem" $o "$F/mail.eml" >s.eml
		ms-encrypt -r "$F/bob.crt" s.eml >e.eml
		run_out ms-decrypt -i "$F/bob.pem" --require-integrity e.eml
		exits 0
		[ ! -s err ]
		sed 's/and a third/and a 3rd/; s/^MII./MIIx/' s.eml >bad.eml
		ms-encrypt -r "$F/bob.crt" bad.eml >e.eml
		run_out ms-decrypt -i "$F/bob.pem" e.eml
		exits 65
		err_has 'cannot be decrypted: damaged, or not meant for this'
		out_empty
		# an authenticated cipher: the reader is told by ms-verify
		ms-encrypt -r "$F/bob.crt" --cipher aes-256-gcm bad.eml >e.eml
		run_out ms-decrypt -i "$F/bob.pem" e.eml
		exits 0
	done
	ms-sign -i "$F/alice.pem" "$F/file.bin" |
		ms-encrypt -r "$F/bob.crt" >e.p7m
	run_out ms-decrypt -i "$F/bob.pem" --require-integrity e.p7m
	exits 0
}

@test "ms-decrypt writes a new file for its owner alone" {
	ms-encrypt -r "$F/bob.crt" "$F/file.bin" >e.p7m
	umask 022
	ms-decrypt -q -i "$F/bob.pem" -o plain e.p7m
	[ "$(stat -c %a plain)" = 600 ]
	cmp plain "$F/file.bin"
}

@test "ms-decrypt: protected fields come out, From stays" {
	printf '%s\n' 'Subject: the real one' 'From: eve@e.example' \
		'Content-Type: text/plain; hp="cipher"' '' text >in
	openssl cms -encrypt -aes-256-gcm -in in -from alice@a.example \
		-to bob@b.example -subject '[...]' -out e.eml "$F/bob.crt"
	run_out ms-decrypt -i "$F/bob.pem" e.eml
	exits 0
	[ "$(grep -c '^Subject' out)" = 1 ]
	grep -q '^Subject: the real one' out
	[ "$(grep -c '^From' out)" = 1 ]
	grep -q '^From: alice@a.example' out
}

# ---- the manual

# What the examples of the manual pages start from.
example_files() {
	cp "$F/carol.crt" new.crt
	cp "$F"/{ca.pem,alice.pem,bob.pem,bob.crt,mail.eml} .
	cp -r "$F/certs" .
	cp "$F/file.bin" report.ods
	"$MS_TOP/t/lib/mkpdf" >letter.pdf
	printf '%s\n' 'From: alice@a.example' 'To: b@b.example' \
		'MIME-Version: 1.0' 'Content-Type: multipart/mixed; boundary=x' \
		'' --x '' text --x \
		'Content-Type: application/pdf; name=notice.pdf' '' PDF --x-- |
		ms-sign -i alice.pem >signed.eml
	ms-sign -i alice.pem mail.eml | ms-encrypt -r bob.crt >sealed.eml
}

@test "ms-encrypt: --cipher auto takes what every certificate lists" {
	local caps=1.2.840.113549.1.9.15=DER
	caps+=:300d300b060960864801650304012e
	cp "$F/ca.pem" "$F/ca.key" .
	smime_cert gcm1 x@x.example rsa keyEncipherment -addext "$caps"
	smime_cert gcm2 y@y.example p256 keyAgreement -addext "$caps"
	run_out ms-encrypt -v -r gcm1.crt -r gcm2.crt "$F/file.bin"
	exits 0
	err_has "cipher aes-256-gcm: every recipient's certificate says"
	mv out r.p7m
	run_out ms-decrypt -v -i gcm2.pem r.p7m
	exits 0
	err_has '(aes-256-gcm)'
	run_out ms-encrypt -v -r gcm1.crt -r "$F/bob.crt" "$F/file.bin"
	exits 0
	err_has "cipher aes-256-cbc: the certificate of 'CN=bob' does not say"
	mv out r.p7m
	run_out ms-decrypt -v -i gcm1.pem r.p7m
	exits 0
	err_has '(aes-256-cbc)'
	# one that lists only another, and one that cannot be read
	smime_cert other z@z.example p256 keyAgreement \
		-addext "${caps%2e}06"
	smime_cert cut z@z.example p256 keyAgreement -addext "${caps%2e}"
	for x in other cut; do
		run_out ms-encrypt -v -r $x.crt "$F/file.bin"
		exits 0
		err_has 'cipher aes-256-cbc'
	done
}

@test "the examples of the manual pages work" {
	local m
	# that of ms-sign with a timestamp names an authority on port 3161
	for m in ms-sign ms-verify ms-encrypt ms-decrypt; do
		example_files
		sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' \
			"$MS_TOP/man/$m.1" | sed 's/ --tsa [^ ]*//' >"$m.sh"
		[ -s "$m.sh" ]
		bash -euo pipefail "$m.sh" >log 2>&1 ||
			{ cat "$m.sh" log; return 1; }
		cmp report.ods "$F/file.bin"
	done
	[ "$(cat notice.pdf)" = PDF ]
}
