#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-lookup: e-mail address to certificate.

load lib/common
load lib/authority

setup_file() {
	need openssl
	cd "$BATS_FILE_TMPDIR" || return
	a_ca ca
	a_ca other
	a_cert ca ana ana@citizen.example encrypt
	a_cert ca both bob@agency.example both
	a_cert ca signer carl@agency.example sign
	a_cert other lost lost@x.example encrypt
	a_cert ca past past@x.example encrypt -days 0
	a_cert ca gone gone@x.example encrypt
	a_cert ca noname - encrypt
	a_crl ca gone
	mkdir d
	cp ana.pem d/ana@citizen.example.pem
	cat both.pem signer.pem >d/agency.pem
	cp lost.pem d/
	cp past.pem d/
	cp gone.pem d/
	openssl x509 -in ana.pem -outform DER -out d/wrong@x.example.der
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	L="--trust $F/ca.pem --source dir:$F/d"
}

# check ADDRESS ANSWER REASON [OPTION...]
check() {
	local addr=$1 want=$2 reason=$3 code=0
	shift 3
	case $want in
	NO) code=1 ;;
	UNKNOWN) code=75 ;;
	esac
	# shellcheck disable=SC2086
	run_out ms-lookup --check $L "$@" "$addr"
	exits $code && [ "$(cut -f1,2 out)" = "$addr"$'\t'"$want" ] &&
		cut -f3 out | grep -qF -- "$reason" || { cat out; return 1; }
}

@test "the certificate of an address, as PEM and as DER" {
	run_out ms-lookup $L ana@citizen.example
	exits 0
	cmp out <(openssl x509 -in "$F/ana.pem")
	run_out ms-lookup $L --cert-format der -o ana.der ana@citizen.example
	exits 0
	out_empty
	cmp ana.der <(openssl x509 -in "$F/ana.pem" -outform DER)
	run_out ms-lookup $L bob@agency.example
	exits 0
	cmp out <(openssl x509 -in "$F/both.pem")
}

@test "several addresses: each certificate says whose it is" {
	run_out ms-lookup $L ana@citizen.example nobody@x.example \
		bob@agency.example
	exits 1
	[ "$(grep '^#' out)" = "# ana@citizen.example
# bob@agency.example" ]
	err_has 'nobody@x.example: no certificate in dir:'
	run_out ms-lookup $L --cert-format der ana@citizen.example \
		bob@agency.example
	exits 64
	out_empty
}

@test "--check answers YES, NO with the reason, and 0 or 1" {
	check ana@citizen.example YES "dir:$F/d"
	check ana@CITIZEN.example YES "dir:$F/d"
	check ANA@citizen.example NO 'no certificate in dir:'
	check nobody@x.example NO 'no certificate in dir:'
	check carl@agency.example NO 'keyUsage lacks keyAgreement'
	check carl@agency.example YES dir: --for sign
	check bob@agency.example YES dir: --for sign
	check lost@x.example NO 'RFC 5280 section 6.1: no path to a trust anchor'
	check past@x.example NO 'RFC 5280 section 4.1.2.5: expired' \
		--at "$(date -ud '+1 day' +%FT%TZ)"
	check ana@citizen.example NO 'not yet valid' --at 2020-01-01
	check wrong@x.example NO 'the certificate is for another address'
	check gone@x.example YES dir:
	check gone@x.example NO 'RFC 5280 section 6.3: certificate was revoked' \
		--crl "$F/ca.crl"
	check lost@x.example YES dir: --trust "$F/other.pem"
}

@test "what could not be decided is UNKNOWN, 75, and never a NO" {
	check ana@citizen.example UNKNOWN 'no revocation list covers it' \
		--revocation hard
	check ana@citizen.example YES dir: --revocation hard \
		--crl "$F/ca.crl"
	check x@y.example UNKNOWN "cannot open 'nowhere'" --source dir:nowhere
	check x@y.example UNKNOWN "cannot open database 'none.db'" \
		--source db:none.db
	L="--trust $F/ca.pem --source db:none.db"
	check ana@citizen.example YES "dir:$F/d" --source "dir:$F/d"
	cp -r "$F/d" d
	head -c 300 "$F/both.pem" >d/broken.pem
	L="--trust $F/ca.pem --source dir:d"
	check x@y.example UNKNOWN d/broken.pem
	check ana@citizen.example YES dir:d
	check bob@agency.example YES dir:d
	run_out ms-lookup --trust "$F/ca.pem" --source dir:nowhere x@y.example
	exits 75
	out_empty
	err_has 'x@y.example: could not be looked up: dir:nowhere'
	# UNKNOWN goes before NO
	run_out ms-lookup --check --trust "$F/ca.pem" --source dir:nowhere \
		x@y.example no-address
	exits 75
}

@test "a database that ms-ca publishes into" {
	ms-ca init --subject House --key-type p256 --no-passphrase
	ca=$MAILSEAL_HOME/data/ca
	for use in sign encrypt; do
		ms-ca issue --usage $use --key-type p256 --no-passphrase \
			--pem $use.pem ana@a.example >/dev/null
	done
	ms-ca publish --db certs.db
	L="--trust $ca/ca.pem --source db:certs.db"
	check ana@a.example YES db:certs.db
	check ana@a.example YES db:certs.db --for sign
	check ANA@a.example NO 'no certificate in db:certs.db'
	run_out ms-lookup $L ana@a.example
	exits 0
	openssl x509 -in out -noout -ext keyUsage | grep -q 'Key Agreement'
	L="--trust $F/ca.pem --source db:certs.db"
	check ana@a.example NO 'no path to a trust anchor'
	ms-ca revoke ana@a.example
	ms-ca publish --db certs.db
	L="--trust $ca/ca.pem --source db:certs.db"
	check ana@a.example NO 'revoked, the database says'
	head -c 5000 certs.db >cut.db
	L="--trust $ca/ca.pem --source db:cut.db"
	check ana@a.example UNKNOWN db:cut.db
}

@test "addresses from stdin, one a line, answered in order" {
	printf '%s\r\n' bob@agency.example >in
	printf '%s\n' nobody@x.example 'Ana <ana@citizen.example>' '' >>in
	printf '%05000d\n' 0 >>in
	printf 'ana@citizen.example' >>in
	run_out ms-lookup --check $L <in
	exits 1
	[ "$(cut -f2 out | tr '\n' ' ')" = 'YES NO NO NO NO YES ' ]
	[ "$(sed -n 1p out | cut -f1)" = bob@agency.example ]
	[ "$(sed -n 3p out | cut -f1)" = 'Ana <ana@citizen.example>' ]
	sed -n 3p out | grep -q 'not an e-mail address: '
	[ "$(sed -n 4p out | cut -f1)" = - ]
	run_out ms-lookup --check $L </dev/null
	exits 65
	out_empty
	err_has 'did the program before it fail?'
	run_out ms-lookup --check --allow-empty $L </dev/null
	exits 0
	out_empty
}

@test "an answer comes before the next question" {
	coproc ASK { exec ms-lookup --check $L 3>&-; }
	local pid=$ASK_PID	# forgotten by the shell once it has ended
	echo ana@citizen.example >&"${ASK[1]}"
	read -r -t 20 answer <&"${ASK[0]}"
	[[ $answer == ana@citizen.example$'\t'YES* ]]
	eval "exec ${ASK[1]}>&-"
	wait "$pid"
}

@test "--why lists what is used and what is refused" {
	run_out ms-lookup --why $L lost@x.example ana@citizen.example
	exits 1
	[ "$(cut -f1,2 out)" = "lost@x.example	NO
lost@x.example	refused
ana@citizen.example	YES
ana@citizen.example	used" ]
	sed -n 2p out | cut -f6 | grep -q 'no path to a trust anchor'
	sed -n 4p out | cut -f5 | grep -qx CN=ana@citizen.example
	run_out ms-lookup $L lost@x.example
	exits 1
	out_empty
	err_has 'hint: ms-lookup --why lost@x.example'
}

@test "--all prints all certificates, the newest first" {
	mkdir two
	a_ca ca
	a_cert ca old x@x.example encrypt -days 10
	sleep 1
	a_cert ca new x@x.example encrypt
	cp old.pem two/x@x.example.pem
	cp new.pem two
	run_out ms-lookup --trust ca.pem --source dir:two --all x@x.example
	exits 0
	cmp out <(openssl x509 -in new.pem; openssl x509 -in old.pem)
	run_out ms-lookup --trust ca.pem --source dir:two x@x.example
	exits 0
	cmp out <(openssl x509 -in old.pem)
	run_out ms-lookup --trust ca.pem --source dir:two --expiring 30d \
		x@x.example
	exits 1
	grep -q "^x@x.example	NO	expires 20..-..-..T" out
	run_out ms-lookup --trust ca.pem --source dir:two --expiring 5d \
		x@x.example
	exits 0
	out_empty
	run_out ms-lookup --trust ca.pem --source dir:two --all --check \
		--expiring 30d x@x.example
	exits 0
	grep -q "^x@x.example	YES" out
}

@test "--json" {
	need jq
	run_out ms-lookup --json $L ana@citizen.example lost@x.example
	exits 1
	[ "$(jq -r '[.version, .type, .address, .answer] | @tsv' out)" = \
"1	lookup	ana@citizen.example	YES
1	lookup	lost@x.example	NO" ]
	jq -r 'select(.answer == "YES").certificates[0].pem' out |
		openssl x509 | cmp - <(openssl x509 -in "$F/ana.pem")
	jq -r 'select(.answer == "NO").refused[0].why' out |
		grep -q 'no path to a trust anchor'
	run_out ms-lookup --json --report r.json $L ana@citizen.example
	exits 0
	out_empty
	[ -s r.json ]
}

@test "--emails prints the addresses in a certificate" {
	run_out ms-lookup --emails "$F/ana.pem"
	exits 0
	[ "$(cat out)" = ana@citizen.example ]
	run_out ms-lookup --emails - <"$F/d/agency.pem"
	exits 0
	[ "$(cat out)" = "bob@agency.example
carl@agency.example" ]
	run_out ms-lookup --emails "$F/noname.pem"
	exits 1
	out_empty
	err_has 'no certificate with an e-mail address'
	run_out ms-lookup --emails nowhere.pem
	exits 66
	run_out ms-lookup --emails "$F/ana.pem" x@y.example
	exits 64
}

@test "without anchors or sources nothing is looked up: 78 with a hint" {
	run_out ms-lookup --source "dir:$F/d" ana@citizen.example
	exits 78
	out_empty
	err_has 'no trust anchors'
	err_has 'hint: name the CA'
	run_out ms-lookup --trust "$F/ca.pem" ana@citizen.example
	exits 78
	err_has 'nowhere to look certificates up'
	err_has 'hint: name a source'
	run_out ms-lookup --trust "$F/ca.pem" --source gopher://x \
		ana@citizen.example
	exits 64
	err_has "source 'gopher://x' is not known"
	run_out ms-lookup $L --check -o x ana@citizen.example
	exits 64
	err_has '--output is for certificates'
	cat >"$MAILSEAL_HOME/mailseal.conf" <<-END
	trust = $F/ca.pem
	source = dir:$F/d
	END
	run_out ms-lookup ana@citizen.example
	exits 0
	[ -s out ]
}

@test "an address only in the subject is no binding" {
	mkdir s
	a_conf ca >ca.cnf
	a_key k
	openssl req -new -key k -subj /emailAddress=sub@x.example \
		-config ca.cnf -out k.csr
	openssl x509 -req -in k.csr -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial 77 -days 9 -out s/sub.pem 2>/dev/null
	check sub@x.example NO 'stands in the subject, not in subjectAltName' \
		--source dir:s
}

@test "YES is promised for no key that is not encrypted to" {
	mkdir s
	a_conf ca >ca.cnf
	openssl genrsa -out k 1024 2>/dev/null
	openssl req -new -key k -subj /CN=x -config ca.cnf -out k.csr
	echo 'subjectAltName = email:weak@x.example' >k.ext
	openssl x509 -req -in k.csr -CA "$F/ca.pem" -CAkey "$F/ca.key" \
		-set_serial 78 -days 9 -extfile k.ext -out s/k.pem 2>/dev/null
	check weak@x.example NO 'RFC 8551 section 4.4' --source dir:s
}

@test "the examples of the manual page" {
	cp "$F/ca.pem" .
	cp -r "$F/d" certs
	echo ana@citizen.example >addresses
	examples ms-lookup.1 | grep -v '^set ' >run
	[ -s run ]
	run_out bash -euxo pipefail run
	exits 0
	grep -q '^subject=' out
	ln -s "$F/ana.pem" crt
	cmd=$(examples ms-lookup.1 | sed -n 's/.*command="\(.*\)"/\1/p')
	run_out bash -c "${cmd//%f/crt}"
	exits 0
	[ "$(cat out)" = ana@citizen.example ]
}
