#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What ms-verify says, and why: each way in which a message can be off.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert alice alice@a.example p256 digitalSignature
	smime_cert rsa alice@a.example rsa digitalSignature
	smime_cert mallory mallory@m.example p256 digitalSignature
	smime_cert short alice@a.example p256 digitalSignature -days 5
	smime_cert enc alice@a.example p256 keyAgreement
	smime_tsa_cert
	smime_mail >mail.eml
	ms-sign -i alice.pem mail.eml >signed.eml
	ms-sign -i alice.pem --opaque mail.eml >opaque.eml
	sed 's/Grüße/Grusse/' mail.eml >other.eml
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F"/{ca.pem,signed.eml,opaque.eml} .
}

teardown() {
	[ -z "${PID:-}" ] || { kill "$PID" 2>/dev/null; wait "$PID"; } || :
}

# verdict CODE VERDICT WORDS [ARG...]: ms-verify --trust ca.pem ARG... says so,
# and extracts nothing unless it is good.
verdict() {
	local rc=$1 v=$2 words=$3
	shift 3
	run_out ms-verify --trust ca.pem "$@"
	exits "$rc" || { cat out; return 1; }
	[ "$(cut -f2 out | sort -u)" = "$v" ] || { cat out; return 1; }
	cut -f6 out | grep -qF -- "$words" || { cat out; return 1; }
	[ "$v" = good ] && return
	run_out ms-verify --trust ca.pem -x "$@"
	exits "$rc" && out_empty
}

@test "good, and what the report says" {
	verdict 0 good 'signer claims 20' signed.eml
	[ "$(cut -f1-5 out)" = \
		"$(printf 'signed.eml\tgood\talice@a.example\t-\tb-b')" ]
	run_out ms-verify --trust ca.pem signed.eml opaque.eml
	exits 0
	[ "$(cut -f1 out)" = "$(printf 'signed.eml\nopaque.eml')" ]
	run_out ms-verify --trust ca.pem --human <signed.eml
	exits 0
	grep -q '^standard input: Good signature of alice@a.example (' out
	run_out ms-verify --trust ca.pem --json --report r.json signed.eml
	exits 0
	out_empty
	python3 -c 'import json; r = json.load(open("r.json"))
assert r["version"] == 1 and r["type"] == "signature"
assert r["verdict"] == "good" and r["signer"] == "alice@a.example"
assert r["time"] is None and r["claimed"][:2] == "20", r'
}

@test "without trust anchors it is undecided" {
	run_out ms-verify signed.eml
	exits 1
	grep -q '	undecided	' out
	err_has 'hint: name the CA'
	run_out ms-verify -x signed.eml
	exits 1
	out_empty
	cp "$F/mallory.crt" other-ca.pem
	run_out ms-verify --trust other-ca.pem signed.eml
	exits 1
	grep -q '	undecided	' out
}

@test "what was signed comes out as it was" {
	local f
	for f in signed.eml opaque.eml; do
		run_out ms-verify --trust ca.pem -x $f
		exits 0
		# the entity alone: Subject and From are not signed
		sed -n '/^Content-/,$p' "$F/mail.eml" | cmp - out
		grep -q '	good	' err
		ms-verify --trust ca.pem -x -o got.eml $f 2>/dev/null
		cmp got.eml out
	done
}

@test "a byte changed: header, body, end" {
	sed 's/Grüße/Grüsse/' signed.eml >t1.eml
	verdict 1 bad 'its sha256 differs from the messageDigest' t1.eml
	sed 's/and a third/and a third /' signed.eml >t2.eml
	verdict 1 bad 'messageDigest' t2.eml
	sed 's/Encoding: 8bit/Encoding: 7bit/' signed.eml >t3.eml
	verdict 1 bad 'messageDigest' t3.eml
	sed 's/^Subject: .*/Subject: changed/' signed.eml >t4.eml
	verdict 0 good '' t4.eml
}

@test "the signer must be the one From" {
	sed 's/^From: .*/From: mallory@m.example/' signed.eml >f.eml
	verdict 1 bad 'for alice@a.example, not for mallory@m.example' f.eml
	sed 's/^From: .*/&\nFrom: mallory@m.example/' signed.eml >f.eml
	verdict 1 bad '2 From fields' f.eml
	verdict 1 bad '2 From fields' --signer alice@a.example f.eml
	sed 's/^From: .*/From: mallory@m.example\n&/' signed.eml >f.eml
	verdict 1 bad '2 From fields' f.eml
	sed 's/^From: .*/From: x@m.example, alice@a.example/' signed.eml >f.eml
	verdict 1 bad 'From names 2 mailboxes' f.eml
	sed 's/^From: .*/From: alice@a.example:;/' signed.eml >f.eml
	verdict 1 bad 'RFC 5322' f.eml
	sed 's/^From: .*/From: G: alice@a.example;/' signed.eml >f.eml
	verdict 1 bad 'in a group' f.eml
	sed '/^From: /d' signed.eml >f.eml
	verdict 1 bad 'no From field' --format mail f.eml
	sed 's/^From: .*/From: "alice@a.example" <m@m.example>/' signed.eml \
		>f.eml
	verdict 1 bad 'not for m@m.example' f.eml
	sed 's/^From: .*/From: ALICE@A.EXAMPLE/' signed.eml >f.eml
	verdict 1 bad 'not for' f.eml
	sed 's/^From: .*/From: alice@A.Example/' signed.eml >f.eml
	verdict 0 good '' f.eml
}

@test "--signer" {
	sed 's/^From: .*/From: list@l.example/' signed.eml >l.eml
	verdict 0 good '' --signer alice@a.example l.eml
	verdict 0 good '' --signer @a.example l.eml
	verdict 0 good '' --signer @A.Example l.eml
	verdict 0 good '' --signer "$F/alice.crt" l.eml
	verdict 1 bad 'not for bob@b.example' --signer bob@b.example l.eml
	verdict 1 bad 'not for sub.a.example' --signer @sub.a.example l.eml
	verdict 1 bad 'not for example' --signer @example l.eml
	verdict 1 bad 'another certificate' --signer "$F/mallory.crt" l.eml
	verdict 1 bad 'another certificate' --signer "$F/rsa.crt" l.eml
}

@test "a From inside of what was signed must be the one outside" {
	{ echo 'From: alice@a.example'; tail -n +6 "$F/mail.eml"; } >in
	openssl cms -sign -in in -signer "$F/alice.crt" \
		-inkey "$F/alice.key" -from alice@a.example -to b@b.example \
		-out s.eml
	verdict 0 good '' s.eml
	{ echo 'From: eve@e.example'; tail -n +6 "$F/mail.eml"; } >in
	openssl cms -sign -in in -signer "$F/alice.crt" \
		-inkey "$F/alice.key" -from alice@a.example -to b@b.example \
		-out s.eml
	verdict 1 bad 'what was signed is from eve@e.example' s.eml
	openssl cms -sign -nodetach -in in -signer "$F/alice.crt" \
		-inkey "$F/alice.key" -from alice@a.example -to b@b.example \
		-out s.eml
	verdict 1 bad 'what was signed is from eve@e.example' s.eml
}

# around FILE PART: FILE inside of a multipart/mixed, PART behind it.
around() {
	sed '/^$/,$d' "$1" | sed '/^Content-Type/,$d'
	printf '%s\n' 'Content-Type: multipart/mixed; boundary=out' '' --out
	sed -n '/^Content-Type/,$p' "$1"
	printf '%s\n' --out "$2" --out--
}

@test "body parts outside of the signature" {
	around signed.eml "$(printf 'Content-Type: text/plain\n\nfooter')" \
		>m.eml
	verdict 1 bad '1 body part stands outside the signature' m.eml
	around opaque.eml "$(printf '\n\nfooter')" >m.eml
	verdict 1 bad '1 body part stands outside the signature' m.eml
	sed -n '/^Content-Type/,$p' signed.eml >entity
	{ sed '/^Content-Type/,$d' signed.eml
		printf '%s\n' 'Content-Type: multipart/mixed; boundary=o' '' --o
		cat entity; echo --o; cat entity; echo --o--; } >two.eml
	verdict 1 bad 'signatures cover parts of the message' two.eml
	{ sed '/^Content-Type/,$d' signed.eml
		printf '%s\n' 'Content-Type: multipart/mixed; boundary=o' '' --o
		cat entity; echo --o--; } >one.eml
	verdict 1 bad 'signatures cover parts of the message' one.eml
}

@test "multipart/signed that is not RFC 1847" {
	local b
	b=$(sed -n 's/.*boundary="\(.*\)"/\1/p' signed.eml)
	sed "s/^--$b--/--$b\n\nthird\n--$b--/" signed.eml >p.eml
	verdict 1 bad 'has 3 parts, not two' p.eml
	{ sed "/^Content-Type: application\/pkcs7-signature/,\$d" signed.eml |
		sed '$d'; echo "--$b--"; } >p.eml
	verdict 1 bad 'lacks its second part' p.eml
	sed 's/^Content-Type: application\/pkcs7-signature/Content-Type: application\/octet-stream/' \
		signed.eml >p.eml
	verdict 1 bad 'second part of the multipart/signed is not' p.eml
	sed 's/protocol="[^"]*"/protocol="text\/plain"/' signed.eml >p.eml
	verdict 1 bad "multipart/signed with protocol 'text/plain'" p.eml
	sed 's/protocol="[^"]*";//' signed.eml >p.eml
	verdict 1 bad "with protocol ''" p.eml
	sed 's/protocol="[^"]*"/protocol="application\/pgp-signature"/' \
		signed.eml >p.eml
	verdict 1 none 'OpenPGP' p.eml
	sed 's/pkcs7-signature/x-pkcs7-signature/' signed.eml >p.eml
	verdict 0 good '' p.eml
	sed "0,/^\$/s/^\$/\npreamble/; s/^--$b--/&\nepilogue/" signed.eml \
		>p.eml
	verdict 0 good 'text before or behind the parts is not signed' p.eml
	sed "/^--$b--/d" signed.eml >p.eml
	run_out ms-verify --trust ca.pem p.eml
	exits 65
	err_has 'the close delimiter of the multipart is missing'
}

@test "a transfer encoding around the parts" {
	sed '1i Content-Transfer-Encoding: 8bit' signed.eml >e.eml
	verdict 0 good '' e.eml
	sed -i '1s/8bit/base64/' e.eml
	verdict 1 bad "multipart/signed with Content-Transfer-Encoding 'base64'" \
		e.eml
}

@test "micalg: missing, wrong, unknown" {
	sed 's/micalg=sha-256;//' signed.eml >m.eml
	verdict 0 good '' m.eml
	sed 's/micalg=sha-256/micalg=sha256/' signed.eml >m.eml
	verdict 0 good '' m.eml
	sed 's/micalg=sha-256/micalg=unknown/' signed.eml >m.eml
	verdict 0 good '' m.eml
	sed 's/micalg=sha-256/micalg="sha-512, sha-256"/' signed.eml >m.eml
	verdict 0 good '' m.eml
	sed 's/micalg=sha-256/micalg=sha-1/' signed.eml >m.eml
	verdict 1 bad "micalg is 'sha-1'" m.eml
	openssl cms -sign -md sha384 -in "$F/mail.eml" -signer "$F/rsa.crt" \
		-inkey "$F/rsa.key" -from alice@a.example -to b@b.example \
		-out m.eml
	verdict 0 good '' m.eml
	sed 's/micalg="sha-384"/x=y/' m.eml >n.eml
	verdict 0 good '' n.eml
}

@test "what was signed in mail is id-data" {
	local o
	for o in '' -nodetach; do
		openssl cms -sign $o -in "$F/mail.eml" -signer "$F/alice.pem" \
			-econtent_type 1.2.840.113549.1.9.16.1.4 \
			-from alice@a.example -to b@b.example -out m.eml
		verdict 1 bad 'what was signed is TSTInfo, not data' m.eml
	done
}

@test "SHA-1 is bad unless legacy is allowed" {
	openssl cms -sign -md sha1 -in "$F/mail.eml" -signer "$F/rsa.crt" \
		-inkey "$F/rsa.key" -from alice@a.example -to b@b.example \
		-out m.eml
	verdict 1 bad 'sha1' m.eml
	verdict 0 good 'sha1' --allow-legacy m.eml
}

@test "several signers: all must be good and be the From" {
	openssl cms -sign -in "$F/mail.eml" -signer "$F/alice.pem" \
		-signer "$F/rsa.pem" -from alice@a.example -to b@b.example \
		-out m.eml
	verdict 0 good '' m.eml
	run_out ms-verify --trust ca.pem m.eml
	[ "$(wc -l <out)" = 2 ]
	openssl cms -sign -in "$F/mail.eml" -signer "$F/alice.pem" \
		-signer "$F/mallory.pem" -from alice@a.example \
		-to b@b.example -out m.eml
	run_out ms-verify --trust ca.pem m.eml
	exits 1
	[ "$(cut -f2 out | sort | tr '\n' ' ')" = 'bad good ' ]
	run_out ms-verify --trust ca.pem -x m.eml
	exits 1
	out_empty
}

@test "certificates only, not signed, encrypted" {
	openssl crl2pkcs7 -nocrl -certfile ca.pem -outform DER |
		base64 >p7c
	{ sed '/^Content-Type/,$d' opaque.eml
		printf '%s\n' 'Content-Type: application/pkcs7-mime;' \
		' smime-type=certs-only; name=smime.p7c' \
		'Content-Transfer-Encoding: base64' ''; cat p7c; } >c.eml
	verdict 1 none 'only certificates' c.eml
	verdict 1 none 'the message is not signed' "$F/mail.eml"

	ms-encrypt -r "$F/enc.crt" signed.eml >e.eml
	verdict 1 none 'open it with ms-decrypt first' e.eml
	ms-encrypt -r "$F/enc.crt" --format cms signed.eml >e.p7m
	verdict 1 none 'envelopedData, which is not signed' e.p7m
	echo 'some text' >text
	run_out ms-verify --trust ca.pem text
	exits 65
	err_has 'neither a message nor CMS'
	out_empty
}

@test "a certificate that may not sign" {
	openssl cms -sign -in "$F/mail.eml" -signer "$F/enc.pem" \
		-from alice@a.example -to b@b.example -out m.eml
	verdict 1 bad 'keyUsage' m.eml
}

@test "detached signatures of files" {
	echo text >doc
	echo other >doc2
	ms-sign -i "$F/alice.pem" --detached doc >doc.p7s
	verdict 0 good 'signer not checked' --signature doc.p7s doc
	verdict 0 good '' --signature doc.p7s --signer alice@a.example doc
	verdict 1 bad 'messageDigest' --signature doc.p7s doc2
	run_out ms-verify --trust ca.pem --signature doc.p7s -x <doc
	exits 0
	cmp out doc
	run_out ms-verify --trust ca.pem doc.p7s
	exits 65
	err_has 'hint: ms-verify --signature SIGNATURE FILE'
	ms-sign -i "$F/alice.pem" doc >doc.p7m
	run_out ms-verify --trust ca.pem --signature doc.p7m doc
	exits 65
	err_has 'holds its own content'
	run_out ms-verify --trust ca.pem --signature doc.p7s doc doc2
	exits 64
}

@test "--parts and --part" {
	printf '%s\n' 'From: alice@a.example' 'To: b@b.example' \
		'MIME-Version: 1.0' 'Content-Type: multipart/mixed; boundary=x' \
		'' --x '' text --x \
		'Content-Type: application/pdf; name=../a.pdf' \
		'Content-Transfer-Encoding: base64' '' "$(echo data | base64)" \
		--x 'Content-Type: text/csv; name=../a.pdf' '' 'a,b' --x-- >m
	local o
	for o in --no-opaque --opaque; do
		ms-sign -i "$F/alice.pem" $o m >s.eml
		run_out ms-verify --trust ca.pem --parts s.eml
		exits 0
		printf '%s\t%s\t%s\t%s\t%s\n' 1 text/plain - 4 signed \
			2 application/pdf a.pdf 5 signed \
			3 text/csv a.pdf 3 signed | cmp - out
		run_out ms-verify --trust ca.pem --part 2 s.eml
		exits 0
		[ "$(cat out)" = data ]
	done
	run_out ms-verify --trust ca.pem --part a.pdf s.eml
	exits 64
	err_has "several parts are named 'a.pdf'"
	out_empty
	run_out ms-verify --trust ca.pem --part 7 s.eml
	exits 1
	err_has "no part '7'"
	run_out ms-verify --part 2 s.eml
	exits 1
	out_empty
	run_out ms-verify --parts m
	exits 1
	[ "$(cut -f5 out | sort -u)" = unsigned ]
	run_out ms-verify --trust ca.pem --part 2 m
	exits 1
	out_empty
}

@test "several files: one that is bad makes the answer no" {
	sed 's/third/3rd/' signed.eml >bad.eml
	run_out ms-verify --trust ca.pem signed.eml bad.eml missing.eml
	exits 1
	[ "$(cut -f2 out | tr '\n' ' ')" = 'good bad ' ]
	err_has "missing.eml"
	run_out ms-verify --trust ca.pem signed.eml missing.eml
	exits 66
}

@test "expired and not yet valid, with and without a timestamp" {
	smime_tsad
	ms-sign -i "$F/short.pem" "$F/mail.eml" >plain.eml
	ms-sign -i "$F/short.pem" --tsa "$TSA" --trust-tsa ca.pem \
		"$F/mail.eml" >stamped.eml
	verdict 0 good '' stamped.eml
	[ "$(cut -f5 out)" = b-t ]
	[ "$(cut -f4 out | cut -c1-2)" = 20 ]
	local later before
	later=$(date -u -d '+10 days' +%F) before=$(date -u -d '-2 days' +%F)
	verdict 1 bad 'expired' --at "$later" plain.eml
	verdict 0 good '' --at "$later" stamped.eml
	verdict 1 bad 'valid only from' --at "$before" plain.eml
	run_out ms-verify --trust ca.pem --at "$before" stamped.eml
	exits 1
	# a timestamp from an authority nobody trusts proves nothing
	cp "$F/mallory.crt" other-ca.pem
	run_out ms-verify --trust ca.pem --trust-tsa other-ca.pem \
		--at "$later" stamped.eml
	exits 1
	not grep -q '	good	' out
	openssl cms -verify -in stamped.eml -CAfile ca.pem -out got 2>err
	ms-sign -i "$F/short.pem" --tsa "$TSA" --detached --format cms \
		"$F/mail.eml" >f.p7s
	verdict 0 good '' --signature f.p7s "$F/mail.eml"
}

# crl WHEN: crl.pem, which revokes short.crt at that time.
crl() {
	local serial
	serial=$(openssl x509 -in "$F/short.crt" -noout -serial |
		sed 's/.*=//')
	printf 'R\t%s\t%s\t%s\tunknown\t/CN=short\n' \
		"$(date -u -d '+5 days' +%y%m%d%H%M%SZ)" \
		"$(date -u -d "$1" +%y%m%d%H%M%SZ)" "$serial" >index
	printf '%s\n' '[ca]' 'default_ca=c' '[c]' 'database=index' \
		'default_md=sha256' >ca.cnf
	openssl ca -gencrl -config ca.cnf -cert ca.pem -keyfile "$F/ca.key" \
		-crldays 40 -out crl.pem 2>/dev/null
}

@test "revoked, with and without a timestamp from before" {
	smime_tsad
	ms-sign -i "$F/short.pem" "$F/mail.eml" >plain.eml
	ms-sign -i "$F/short.pem" --tsa "$TSA" "$F/mail.eml" >stamped.eml
	local day
	day=$(date -u -d '+2 days' +%F)
	crl '+1 day'
	verdict 0 good '' --crl crl.pem plain.eml
	verdict 1 bad 'revoked' --crl crl.pem --at "$day" plain.eml
	verdict 0 good '' --crl crl.pem --at "$day" stamped.eml
	crl '-1 day'
	verdict 1 bad 'revoked' --crl crl.pem stamped.eml
	verdict 1 bad 'revoked' --crl crl.pem plain.eml
	verdict 0 good '' --crl crl.pem --revocation off plain.eml
	verdict 1 undecided 'revocation' --revocation hard plain.eml
}

@test "a changed timestamp is bad" {
	smime_tsad
	echo text >doc
	ms-sign -i "$F/alice.pem" --tsa "$TSA" doc >a.p7m
	ms-sign -i "$F/alice.pem" --tsa "$TSA" doc >b.p7m
	python3 - <<-'EOF'
		a = open('a.p7m', 'rb').read()
		# the genTime of the token, a year later
		i = a.index(b'\x18\x0f20')
		b = bytearray(a)
		b[i + 5] ^= 1
		open('t.p7m', 'wb').write(b)
	EOF
	run_out ms-verify --trust ca.pem t.p7m
	exits 1
	grep -q '	bad	' out
	grep -q 'timestamp: ' out
}
