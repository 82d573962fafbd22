#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-ca, judged by openssl and certtool.

load lib/common

setup() {
	ms_home
	CA=$MAILSEAL_HOME/data/ca
	echo secret >export.pass
	echo geheim >ca.pass
	chmod 600 ./*.pass
}

# not COMMAND...: it fails (a plain ! would never fail a test).
# An authority without a passphrase; most tests need one.
house() {
	ms-ca init --subject 'House CA' --organization 'Example Agency' \
		--key-type p256 --no-passphrase "$@"
}

# A key NAME.key of P-256 and its request.
request() {
	openssl ecparam -genkey -name prime256v1 -noout -out "$1.key"
	openssl req -new -key "$1.key" -subj "${2:-/CN=Somebody Else}" \
		-out "$1.csr"
}

# issue NAME USAGE [MORE...]: NAME.pem for a new request.
issue() {
	local name=$1 usage=$2
	shift 2
	request "$name"
	ms-ca issue --usage "$usage" "$@" <"$name.csr" >"$name.pem"
}

strict() {
	openssl verify -x509_strict -CAfile "$CA/ca.pem" -purpose "$@"
}

@test "init: an authority, closed to others, made once" {
	house
	[ "$(stat -c %a "$CA" "$CA/ca.key" "$CA/register.db" | xargs)" = \
		'700 600 600' ]
	openssl verify -x509_strict -CAfile "$CA/ca.pem" "$CA/ca.pem"
	openssl x509 -in "$CA/ca.pem" -noout -text >text
	grep -A1 'Basic Constraints: critical' text | grep 'CA:TRUE, pathlen:0'
	grep -A1 'Key Usage: critical' text |
		grep -x ' *Certificate Sign, CRL Sign'
	before=$(cat "$CA"/* | sha256sum)
	run_out ms-ca init --subject Another --no-passphrase
	exits 73
	err_has "there is an authority in '$CA' already"
	err_has 'hint: --ca-dir'
	[ "$(cat "$CA"/* | sha256sum)" = "$before" ]
	mkdir full && touch full/file
	run_out ms-ca init --subject Another --no-passphrase --ca-dir full
	exits 73
	err_has "'full' is not empty"
	[ "$(ls -A full)" = file ]
	run_out ms-ca init --no-passphrase --ca-dir other
	exits 64
	err_has 'needs a name'
}

@test "init: on a full disk nothing remains" {
	mkdir "$MAILSEAL_HOME/data"
	status=0
	(trap '' XFSZ; ulimit -f 8; exec ms-ca init --subject House \
		--no-passphrase) 2>err || status=$?
	exits 74
	[ -z "$(ls -A "$MAILSEAL_HOME/data")" ]
}

@test "the authority's key is encrypted, and nobody is asked in vain" {
	run_out setsid -w ms-ca init --subject House </dev/null
	exits 77
	[ ! -e "$CA" ]
	ms-ca init --subject House --key-type p256 --passphrase-file ca.pass
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' "$CA/ca.key"
	openssl pkey -in "$CA/ca.key" -passin pass:geheim -noout
	run_out ms-ca crl --passphrase-file export.pass
	exits 77
	err_has "$CA/ca.key: wrong passphrase"
	out_empty
	run_out setsid -w ms-ca crl </dev/null
	exits 77
	out_empty
	ms-ca list
	ms-ca crl --passphrase-file ca.pass -o list.crl
}

@test "without an authority: 66, and what to do" {
	run_out ms-ca list
	exits 66
	err_has "$CA/ca.pem"
	err_has 'hint: ms-ca init'
	run_out ms-ca
	exits 64
	err_has 'a command is missing'
	run_out ms-ca publish
	exits 64
}

@test "each usage passes the strict eye of openssl, for that and no other" {
	house
	issue sign sign ana@a.example
	issue ec encrypt ana@a.example
	# openssl's purpose wants keyEncipherment, which is for RSA
	openssl req -new -newkey rsa:2048 -nodes -keyout rsa.key -subj / \
		-out rsa.csr 2>/dev/null
	ms-ca issue --usage encrypt ana@a.example <rsa.csr >encrypt.pem
	issue tsa tsa --subject 'House TSA'
	issue server server --dns ts.a.example --dns 192.0.2.1
	issue device device --subject 'Gate 1'
	issue ocsp ocsp --subject 'House OCSP'
	issue officer officer bea@a.example
	strict smimesign sign.pem officer.pem
	strict smimeencrypt encrypt.pem
	strict timestampsign tsa.pem
	strict sslserver server.pem
	strict sslclient device.pem officer.pem
	strict ocsphelper ocsp.pem
	not strict smimeencrypt sign.pem
	not strict smimesign encrypt.pem
	not strict timestampsign sign.pem
	openssl x509 -in tsa.pem -noout -ext extendedKeyUsage >eku
	[ "$(xargs <eku)" = \
		'X509v3 Extended Key Usage: critical Time Stamping' ]
	openssl x509 -in ec.pem -noout -ext keyUsage |
		grep -x ' *Key Agreement'
	openssl x509 -in encrypt.pem -noout -ext keyUsage |
		grep -x ' *Key Encipherment'
	openssl x509 -in server.pem -noout -ext subjectAltName |
		grep -x ' *DNS:ts.a.example, IP Address:192.0.2.1'
	openssl x509 -in ocsp.pem -noout -text | grep 'OCSP No Check'
	need certtool
	certtool --verify --load-ca-certificate "$CA/ca.pem" --infile sign.pem
}

@test "the names are the issuer's to say, not the request's" {
	house
	request ana '/CN=Ana Else/emailAddress=boss@a.example'
	ms-ca issue --usage sign ana@a.example <ana.csr >ana.pem
	[ "$(openssl x509 -in ana.pem -noout -subject -nameopt RFC2253)" = \
		'subject=CN=ana@a.example,O=Example Agency' ]
	openssl x509 -in ana.pem -noout -ext subjectAltName |
		grep -x ' *email:ana@a.example'
	not grep -q boss <(openssl x509 -in ana.pem -noout -text)
	cmp <(openssl x509 -in ana.pem -noout -pubkey) \
		<(openssl pkey -in ana.key -pubout)
	serial=$(openssl x509 -in ana.pem -noout -serial)
	[ ${#serial} = 39 ]	# serial= and 16 octets
}

@test "addresses beyond ASCII: SmtpUTF8Mailbox, domains as A-labels" {
	house
	issue j sign 'jürgen@bücher.example' 'jo@bücher.example'
	openssl x509 -in j.pem -noout -ext subjectAltName >san
	grep -q 'SmtpUTF8Mailbox' san
	grep -q 'email:jo@xn--bcher-kva.example' san
	ms-ca list 'jürgen@bücher.example' | grep -q 'xn--bcher-kva'
}

@test "requests that are refused leave no trace" {
	house
	request ana
	for word in '' 'what is the certificate for'; do
		[ -z "$word" ] || err_has "$word"
		run_out ms-ca issue ana@a.example <ana.csr
	done
	exits 64
	run_out ms-ca issue --usage sign,encrypt ana@a.example <ana.csr
	exits 64
	err_has 'a request has one key'
	run_out ms-ca issue --usage love ana@a.example <ana.csr
	exits 64
	err_has "no usage 'love'"
	run_out ms-ca issue --usage sign <ana.csr
	exits 64
	err_has 'usage sign needs an e-mail address'
	run_out ms-ca issue --usage server <ana.csr
	exits 64
	err_has 'hint: --dns HOST'
	run_out ms-ca issue --usage sign 'ana @a.example' <ana.csr
	exits 65
	run_out ms-ca issue --usage sign ana@a.example --subject \
		"$(printf 'x%.0s' {1..65})" <ana.csr
	exits 64
	err_has 'RFC 5280 appendix A.1: the subject has 65 characters'
	run_out ms-ca issue --usage sign ana@a.example </dev/null
	exits 65
	err_has 'did the program before it fail'
	echo nonsense | run_out ms-ca issue --usage sign ana@a.example
	exits 65
	err_has 'RFC 2986 section 4: certification request malformed'
	openssl req -in ana.csr -outform DER -out bad.der
	size=$(stat -c %s bad.der)
	printf '\0' | dd of=bad.der bs=1 seek=$((size - 9)) conv=notrunc \
		status=none
	run_out ms-ca issue --usage sign ana@a.example <bad.der
	exits 65
	err_has 'RFC 2986 section 4.2: the signature'
	openssl req -new -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=W \
		-out weak.csr 2>/dev/null
	run_out ms-ca issue --usage sign ana@a.example <weak.csr
	exits 64
	err_has 'RSA key of 1024 bits'
	[ -z "$(ms-ca list)" ]
}

@test "new keys: one for signing and one for encrypting, in PKCS#12" {
	house
	ms-ca issue --p12 ana.p12 --key-type rsa2048 \
		--passphrase-file export=export.pass ana@a.example
	[ "$(stat -c %a ana.p12)" = 600 ]
	openssl pkcs12 -in ana.p12 -passin pass:secret -nodes >ana.txt
	[ "$(grep -c 'BEGIN CERTIFICATE' ana.txt)" = 3 ]
	[ "$(grep -c 'BEGIN PRIVATE KEY' ana.txt)" = 2 ]
	grep -q 'friendlyName: ana@a.example' ana.txt
	openssl pkcs12 -in ana.p12 -passin pass:secret -info -noout 2>info
	grep -q 'MAC: sha256, Iteration 600000' info
	grep -q 'PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256' \
		info
	not openssl pkcs12 -in ana.p12 -passin pass:wrong -noout
	[ "$(ms-ca list | cut -f2-3,5)" = \
		$'valid\tsign\tana@a.example\nvalid\tencrypt\tana@a.example' ]
	need certtool
	certtool --p12-info --inder --infile ana.p12 --password secret >ct
	[ "$(grep -c 'BEGIN CERTIFICATE' ct)" = 3 ]
}

@test "new keys for a server: PEM without a passphrase" {
	house
	ms-ca issue --usage tsa --subject 'House TSA' --pem tsa.pem \
		--no-passphrase
	[ "$(stat -c %a tsa.pem)" = 600 ]
	openssl pkey -in tsa.pem -noout
	strict timestampsign tsa.pem
	ms-ca issue --usage tsa --subject 'House TSA' --pem two.pem \
		--passphrase-file export=export.pass
	grep -q 'BEGIN ENCRYPTED PRIVATE KEY' two.pem
	openssl pkey -in two.pem -passin pass:secret -noout
	ms-ca issue --usage sign --key-type p256 --p12 bare.p12 \
		--no-passphrase ana@a.example
	openssl pkcs12 -in bare.p12 -passin pass: -noout
	run_out ms-ca issue --p12 a --pem b ana@a.example
	exits 64
}

@test "what cannot be written is not in the register" {
	house
	run_out ms-ca issue --usage sign --key-type p256 --no-passphrase \
		--p12 nowhere/ana.p12 ana@a.example
	exits 73
	[ -z "$(ms-ca list)" ]
	run_out setsid -w ms-ca issue --p12 ana.p12 ana@a.example </dev/null
	exits 77
	[ -z "$(ms-ca list)" ] && [ ! -e ana.p12 ]
}

@test "what could not be handed over is in the register, and says so" {
	house
	request ana
	status=0
	ms-ca issue --usage sign ana@a.example <ana.csr >/dev/full 2>err ||
		status=$?
	exits 74
	err_has 'hint: the register has it all the same'
	[ "$(ms-ca list | wc -l)" = 1 ]
}

@test "revoked: the list tells openssl, numbers rise, the first word counts" {
	house
	issue ana sign ana@a.example
	issue bob sign bob@a.example
	issue eve sign eve@a.example
	issue zoe sign zoe@a.example
	ms-ca crl -o one.crl
	openssl crl -inform DER -in one.crl -noout -CAfile "$CA/ca.pem" \
		2>&1 | grep -q 'verify OK'
	openssl crl -inform DER -in one.crl -noout -crlnumber |
		grep -qx 'crlNumber=\(0x\)*0*1'
	serial=$(ms-ca list bob@a.example | cut -f1)
	ms-ca revoke ana@a.example "$serial" ./eve.pem --reason key-compromise
	run_out ms-ca revoke ana@a.example
	exits 0
	err_has 'was revoked before'
	ms-ca crl --armor >two.crl
	openssl crl -in two.crl -noout -text >text
	[ "$(grep -c 'Serial Number' text)" = 3 ]
	[ "$(grep -c 'Key Compromise' text)" = 3 ]
	grep -A1 'CRL Number' text | grep -qx ' *2'
	for who in ana bob eve; do
		run openssl verify -crl_check -CRLfile two.crl \
			-CAfile "$CA/ca.pem" $who.pem
		[[ $output == *'certificate revoked'* ]]
	done
	openssl verify -crl_check -CRLfile two.crl -CAfile "$CA/ca.pem" zoe.pem
	[ "$(ms-ca list | cut -f2 | sort | uniq -c | xargs)" = \
		'3 revoked 1 valid' ]
	run_out ms-ca revoke nobody@a.example
	exits 1
	err_has 'nobody@a.example: no such certificate'
	run_out ms-ca revoke zoe@a.example 00112233
	exits 1
	ms-ca list zoe@a.example | grep -q valid
	run_out ms-ca revoke "$CA/ca.pem"
	exits 1
	run_out ms-ca revoke ./missing.pem
	exits 66
	run_out ms-ca revoke zoe@a.example --reason boredom
	exits 64
}

@test "list: lines and JSON" {
	house
	issue ana sign ana@a.example
	issue gate device --subject $'Gate 1'
	run_out ms-ca list
	exits 0
	[ "$(awk -F'\t' '{ print NF }' out | xargs)" = '6 6' ]
	[ "$(cut -f2,3,5,6 out | tail -1)" = \
		$'valid\tdevice\t-\tCN=Gate 1,O=Example Agency' ]
	ms-ca list --usage device | cmp - <(tail -1 out)
	run_out ms-ca list nobody@a.example
	exits 1
	ms-ca list --json ana@a.example >json
	python3 - json "$(openssl x509 -in ana.pem -noout -serial)" <<-'END'
	import json, sys
	o = json.loads(open(sys.argv[1]).read())
	assert o['version'] == 1 and o['type'] == 'certificate'
	assert 'serial=' + o['serial'].upper() == sys.argv[2]
	assert o['status'] == 'valid' and o['revoked'] is None
	assert o['names'] == ['ana@a.example']
	END
}

@test "renew: the same key and names; not for the revoked" {
	house
	issue ana sign ana@a.example --days 30 --subject Ana
	issue enc encrypt ana@a.example --days 30
	issue web server --dns w.a.example --dns 192.0.2.7
	ms-ca renew ana@a.example >new.pem
	[ "$(grep -c BEGIN new.pem)" = 2 ]
	for what in -pubkey -subject '-ext subjectAltName' '-ext keyUsage'; do
		# shellcheck disable=SC2086
		cmp <(openssl x509 -in ana.pem -noout $what) \
			<(openssl x509 -in new.pem -noout $what)
	done
	not openssl x509 -in ana.pem -noout -checkend $((31 * 86400))
	openssl x509 -in new.pem -noout -checkend $((700 * 86400))
	ms-ca renew web.pem >web2.pem
	cmp <(openssl x509 -in web.pem -noout -ext subjectAltName) \
		<(openssl x509 -in web2.pem -noout -ext subjectAltName)
	ms-ca revoke web.pem
	run_out ms-ca renew web.pem
	exits 1
	err_has 'is revoked'
	out_empty
	[ "$(ms-ca list | wc -l)" = 6 ]
}

@test "a certificate ends with its authority at the latest" {
	house --days 10
	issue ana sign ana@a.example
	cmp <(openssl x509 -in ana.pem -noout -enddate) \
		<(openssl x509 -in "$CA/ca.pem" -noout -enddate)
}

@test "--crl-url is in what is issued, not in the authority" {
	house --crl-url http://ca.a.example/house.crl
	issue ana sign ana@a.example
	openssl x509 -in ana.pem -noout -ext crlDistributionPoints |
		grep -q 'URI:http://ca.a.example/house.crl'
	not grep -q ca.a.example <(openssl x509 -in "$CA/ca.pem" -noout -text)
}

@test "publish: a file an address, and what is revoked disappears" {
	house
	issue ana sign ana@a.example
	issue enc encrypt ana@a.example
	issue bob encrypt bob@a.example
	issue odd encrypt 'a/b@a.example'
	issue web server --dns w.a.example
	mkdir pub
	ms-ca publish --dir pub
	[ "$(ls pub | wc -l)" = 3 ]
	[ "$(grep -c BEGIN pub/ana@a.example.pem)" = 2 ]
	# the newest one first
	cmp <(openssl x509 -in pub/ana@a.example.pem) enc.pem
	ms-ca revoke enc.pem bob@a.example
	ms-ca publish --dir pub
	cmp <(openssl x509 -in pub/ana@a.example.pem) ana.pem
	[ ! -e pub/bob@a.example.pem ]
	run_out ms-ca publish --dir nowhere
	exits 73
	need sqlite3
	ms-ca publish --db certs.db
	ms-ca publish --db db:certs.db
	[ "$(sqlite3 certs.db 'SELECT count(*) FROM cert')" = 2 ]
}

@test "gpgsm reads the keys when they are converted as the manual says" {
	need gpgsm
	house
	ms-ca issue --usage sign --key-type rsa2048 --p12 ana.p12 \
		--passphrase-file export=export.pass ana@a.example
	openssl pkcs12 -in ana.p12 -nodes -out ana.pem -passin pass:secret
	openssl pkcs12 -export -in ana.pem -keypbe PBE-SHA1-3DES -certpbe \
		PBE-SHA1-3DES -macalg sha1 -out old.p12 -passout pass:secret
	export GNUPGHOME=$BATS_TEST_TMPDIR/gnupg
	mkdir -m 700 "$GNUPGHOME"
	gpgsm --batch --disable-dirmngr --pinentry-mode loopback \
		--passphrase-fd 5 --import old.p12 5<export.pass 2>log 3>&- ||
		cat log
	gpgconf --kill all
	grep -q 'secret keys imported: 1' log
}

@test "several at the same time: every serial and number is one of its kind" {
	house
	request ana
	pids=
	for i in 1 2 3 4 5 6; do
		ms-ca issue --usage sign "u$i@a.example" <ana.csr \
			>"u$i.pem" 3>&- &
		pids="$pids $!"
		ms-ca crl -o "$i.crl" 3>&- &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	[ "$(ms-ca list | cut -f1 | sort -u | wc -l)" = 6 ]
	for i in 1 2 3 4 5 6; do
		openssl crl -inform DER -in $i.crl -noout -crlnumber
	done | sort | uniq | wc -l | grep -qx 6
	for i in 1 2 3 4 5 6; do
		ms-ca list "./u$i.pem" | grep -q "u$i@a.example"
	done
}

@test "the examples of the manual page" {
	echo house-ca >ca.pass
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' \
		"$MS_TOP/man/ms-ca.1" |
		sed 's/\\(dq/"/g; s/\\e/\\/g' >script
	# the passphrases of the examples
	echo ana >ana.pass
	chmod 600 ./*.pass
	bash -euo pipefail script
	[ -s ana.p12 ] && [ -s bob.pem ] && [ -s house.crl ] && [ -s certs.db ]
}
