#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Revocation and issuers asked over the network: openssl's responder and
# Python's server play the authorities.

load lib/common
load lib/smime

# free_ports N: so many port numbers that nobody listens on.
free_ports() {
	python3 - "$1" <<-'END'
	import socket, sys
	s = [socket.socket() for i in range(int(sys.argv[1]))]
	for x in s:
	    x.bind(("127.0.0.1", 0))
	print(*[x.getsockname()[1] for x in s])
	END
}

# cert NAME EXTENSION [OPTION...]
cert() {
	local name=$1 ext=$2
	shift 2
	smime_cert "$name" alice@a.example p256 digitalSignature \
		${ext:+-addext "$ext"} "$@"
	ms-sign -i "$name.pem" mail.eml >"$name.eml"
}

# entry NAME [TIME]: a line of the authority's index; TIME: revoked then.
entry() {
	local serial
	serial=$(openssl x509 -in "$1.crt" -noout -serial)
	printf '%s\t%s\t%s\t%s\tunknown\t/CN=%s\n' "${2:+R}${2:-V}" \
		"$(date -u -d '+29 days' +%y%m%d%H%M%SZ)" \
		"${2:+$(date -u -d "$2" +%y%m%d%H%M%SZ),keyCompromise}" \
		"${serial#*=}" "$1" | sed 's/^R[^\t]*/R/; s/^V[^\t]*/V/'
}

setup_file() {
	need openssl
	need python3
	cd "$BATS_FILE_TMPDIR"
	local ports
	read -r -a ports <<<"$(free_ports 2)"
	echo "${ports[@]}" >ports
	local ocsp=http://127.0.0.1:${ports[0]}
	local web=http://127.0.0.1:${ports[1]}
	smime_ca
	smime_mail >mail.eml
	cert fine "authorityInfoAccess=OCSP;URI:$ocsp"
	cert gone "authorityInfoAccess=OCSP;URI:$ocsp"
	cert alien "authorityInfoAccess=OCSP;URI:$ocsp"
	cert fixed "authorityInfoAccess=OCSP;URI:$web/ocsp"
	cert listed "crlDistributionPoints=URI:$web/ca.crl"
	cert unlisted "crlDistributionPoints=URI:$web/ca.crl"
	cert moved "crlDistributionPoints=URI:$web/moved"
	cert huge "crlDistributionPoints=URI:$web/huge"
	cert file "crlDistributionPoints=URI:file://$BATS_FILE_TMPDIR/ca.crl"
	cert two "crlDistributionPoints=URI:$web/none,URI:$web/ca.crl"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout sub.key -out sub.crt -subj "/CN=Sub CA" -CA ca.pem \
		-CAkey ca.key -days 50 \
		-addext basicConstraints=critical,CA:TRUE \
		-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
	openssl x509 -in sub.crt -outform DER -out sub.cer
	cp ca.pem root.pem
	cp ca.key root.key
	cp sub.crt ca.pem
	cp sub.key ca.key
	cert below "authorityInfoAccess=caIssuers;URI:$web/sub.cer"
	mv root.pem ca.pem
	mv root.key ca.key
	responder ca.pem resp
	smime_ca_other
	{
		entry fine
		entry gone '-1 day'
		entry fixed
		entry listed '-1 day'
	} >index
	printf '%s\n' '[ca]' 'default_ca=c' '[c]' 'database=index' \
		'default_md=sha256' >ca.cnf
	openssl ca -gencrl -config ca.cnf -cert ca.pem -keyfile ca.key \
		-crldays 10 -out crl.pem 2>/dev/null
	openssl crl -in crl.pem -outform DER -out ca.crl
	cat >web.py <<-'END'
	import http.server, sys
	class H(http.server.SimpleHTTPRequestHandler):
	    def do_GET(self):
	        if self.path == "/moved":
	            self.send_response(302)
	            self.send_header("Location", "/ca.crl")
	            self.end_headers()
	        elif self.path == "/huge":
	            self.send_response(200)
	            self.end_headers()
	            try:
	                for i in range(30):
	                    self.wfile.write(b"0" * (1 << 20))
	            except OSError:
	                open("cut", "w").close()
	        else:
	            super().do_GET()
	    def do_POST(self):
	        self.rfile.read(int(self.headers["Content-Length"]))
	        self.send_response(200)
	        self.end_headers()
	        self.wfile.write(open("answer", "rb").read())
	    def log_message(self, f, *a):
	        with open("asked", "a") as log:
	            print(f % a, file=log)
	s = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), H)
	open("web.ready", "w").close()
	s.serve_forever()
	END
}

# responder CA NAME: a certificate for answering in the name of CA.
responder() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$2.key" -out "$2.crt" -subj "/CN=$2" -CA "$1" \
		-CAkey "${1%.pem}.key" -days 20 \
		-addext keyUsage=critical,digitalSignature \
		-addext extendedKeyUsage=OCSPSigning \
		-addext basicConstraints=critical,CA:FALSE \
		-addext noCheck=yes 2>/dev/null
}

# Another authority of the same name, and its responder.
smime_ca_other() {
	mkdir other
	(
		cd other
		smime_ca
		responder ca.pem bad
	)
	cp other/bad.crt other/bad.key .
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	read -r OCSP_PORT WEB_PORT <"$F/ports"
	cp "$F"/{ca.pem,ca.crl,index,web.py,sub.cer} .
	PIDS=()
}

teardown() {
	local p
	for p in "${PIDS[@]}"; do
		kill "$p" 2>/dev/null && wait "$p"
	done || :
}

# ocspd [OPTION...]: openssl's responder.
ocspd() {
	openssl ocsp -port "$OCSP_PORT" -index index -CA ca.pem \
		-rsigner "$F/resp.crt" -rkey "$F/resp.key" -rmd sha256 "$@" \
		</dev/null >ocspd.log 2>&1 3>&- &
	PIDS+=($!)
	local i
	for i in $(seq 100); do
		grep -q -i 'waiting for' ocspd.log && break
		sleep 0.05
	done
}

webd() {
	python3 web.py "$WEB_PORT" </dev/null >web.log 2>&1 3>&- &
	PIDS+=($!)
	local i
	for i in $(seq 100); do
		[ -e web.ready ] && break
		sleep 0.05
	done
}

# verdict CODE VERDICT WORDS NAME [OPTION...]: what ms-verify says of NAME.eml.
verdict() {
	local rc=$1 v=$2 words=$3 name=$4
	shift 4
	run_out ms-verify --trust ca.pem --fetch-private "$@" "$F/$name.eml"
	exits "$rc" || { cat out; return 1; }
	[ "$(cut -f2 out | sort -u)" = "$v" ] || { cat out; return 1; }
	cut -f6 out | grep -qF -- "$words" || { cat out; return 1; }
}

lacks() {
	not grep -q -- "$1" "$2"
}

# answer NAME OPTION...: the file `answer` is an OCSP response about NAME.
answer() {
	local name=$1
	shift
	openssl ocsp -issuer ca.pem -cert "$F/$name.crt" -no_nonce \
		-reqout req.der >/dev/null
	openssl ocsp -index index -CA ca.pem -reqin req.der -respout answer \
		-rmd sha256 "$@" >/dev/null 2>&1
}

@test "openssl's responder: good, revoked and unknown" {
	ocspd -nmin 60
	verdict 0 good '' fine --revocation hard
	lacks revocation out
	verdict 1 bad 'was revoked' gone
	grep -q 'key compromise' out
	verdict 1 bad 'was revoked' gone --revocation hard
	verdict 0 good '' gone --revocation off
	verdict 1 undecided 'does not know the certificate' alien \
		--revocation hard
	verdict 0 good 'does not know the certificate' alien
}

@test "signed before it was revoked is good with a timestamp" {
	cd "$F" && [ -e tsa.pem ] || smime_tsa_cert
	cd "$BATS_TEST_TMPDIR"
	smime_tsad
	PIDS+=("$PID")
	ms-sign -i "$F/fine.pem" --tsa "$TSA" "$F/mail.eml" >stamped.eml
	sed -i "s/^V\(.*CN=fine\)/R\1/; s/\t\t\(.*CN=fine\)/\t$(date -u \
		-d '+1 day' +%y%m%d%H%M%SZ),keyCompromise\t\1/" index
	ocspd -nmin 60
	run_out ms-verify --trust ca.pem --fetch-private --revocation hard \
		stamped.eml
	exits 1
	# the authority's own certificate names nobody to ask
	grep -q 'undecided.*timestamp' out
	run_out ms-verify --trust ca.pem --fetch-private stamped.eml
	exits 0
}

@test "a distribution point: fetched once, then from the cache" {
	webd
	verdict 1 bad 'was revoked' listed
	[ "$(grep -c 'GET /ca.crl' asked)" = 1 ]
	verdict 0 good '' unlisted --revocation hard
	verdict 1 bad 'was revoked' listed
	[ "$(grep -c 'GET /ca.crl' asked)" = 1 ]
	[ "$(ls ms/state/cache | grep -c '\.crl$')" = 1 ]
	cmp ms/state/cache/*.crl ca.crl
	[ "$(stat -c %a ms/state/cache)" = 700 ]
	# the server goes
	kill "${PIDS[0]}"
	wait "${PIDS[0]}" || :
	verdict 0 good '' unlisted --revocation hard
	# out of date: asked again, and nobody is there
	touch -d yesterday ms/state/cache/*.crl
	verdict 75 undecided '/ca.crl: ' unlisted --revocation hard
	verdict 0 good '/ca.crl: ' unlisted
}

@test "a damaged file in the cache is fetched anew" {
	webd
	verdict 0 good '' unlisted --revocation hard
	echo damage >ms/state/cache/*.crl
	touch -d tomorrow ms/state/cache/*.crl
	verdict 0 good '' unlisted --revocation hard
	[ "$(grep -c 'GET /ca.crl' asked)" = 2 ]
	cmp ms/state/cache/*.crl ca.crl
	# what is out of date is removed
	local old=ms/state/cache/$(printf '%064d' 0).crl
	touch -d yesterday "$old" ms/state/cache/*.crl
	touch -d yesterday ms/state/cache/other
	verdict 0 good '' unlisted --revocation hard
	[ ! -e "$old" ]
	[ -e ms/state/cache/other ]
}

@test "an OCSP answer is kept until it goes out of date" {
	webd
	answer fixed -rsigner "$F/resp.crt" -rkey "$F/resp.key" -nmin 60
	verdict 0 good '' fixed --revocation hard
	verdict 0 good '' fixed --revocation hard
	[ "$(grep -c POST asked)" = 1 ]
	answer fixed -rsigner "$F/resp.crt" -rkey "$F/resp.key"
	rm ms/state/cache/*.ocsp
	verdict 0 good '' fixed --revocation hard
	verdict 0 good '' fixed --revocation hard
	[ "$(grep -c POST asked)" = 3 ]
}

@test "nobody there: hard 75, soft says so, off asks nobody" {
	verdict 75 undecided "http://127.0.0.1:$OCSP_PORT" fine \
		--revocation hard
	verdict 0 good "http://127.0.0.1:$OCSP_PORT" fine
	verdict 0 good '' fine --revocation off
	lacks "$OCSP_PORT" out
	webd
	verdict 0 good '' listed --revocation off
	[ ! -e asked ]
	[ ! -e ms/state ]
	# the code for the network is loaded only when somebody is asked
	LD_DEBUG=files verdict 0 good '' listed --revocation off
	lacks ms-net.so err
	LD_DEBUG=files verdict 1 bad '' listed
	grep -q ms-net.so err
}

@test "loopback is refused unless allowed, by option or configuration" {
	webd
	run_out ms-verify --trust ca.pem "$F/listed.eml"
	exits 0
	grep -q 'is not a public address, and not asked' out
	run_out ms-verify --trust ca.pem --revocation hard "$F/listed.eml"
	exits 1
	[ ! -e asked ]
	printf 'fetch-private = yes\ntrust = ca.pem\n' >ms/mailseal.conf
	run_out ms-verify "$F/listed.eml"
	exits 1
	grep -q 'was revoked' out
}

@test "redirects, other schemes and too many bytes are refused" {
	webd
	verdict 75 undecided 'HTTP status 302' moved --revocation hard
	lacks 'GET /ca.crl' asked
	verdict 1 undecided 'no revocation list covers it' file \
		--revocation hard
	verdict 1 undecided 'larger than 20971520 bytes' huge --revocation hard
	verdict 0 good 'larger than 20971520 bytes' huge
	verdict 0 good '' two --revocation hard
}

@test "answers that must not be believed" {
	webd
	answer fixed -rsigner "$F/bad.crt" -rkey "$F/bad.key" -nmin 60
	verdict 1 undecided 'RFC 6960 section 4.2.2.2' fixed --revocation hard
	answer fixed -rsigner "$F/fine.crt" -rkey "$F/fine.key" -nmin 60
	verdict 1 undecided 'lacks OCSPSigning' fixed --revocation hard
	answer fine -rsigner "$F/resp.crt" -rkey "$F/resp.key" -nmin 60
	verdict 1 undecided 'about another certificate' fixed --revocation hard
	answer fixed -rsigner "$F/resp.crt" -rkey "$F/resp.key" -nmin 60
	cp answer right
	python3 - <<-'END'
	b = bytearray(open("answer", "rb").read())
	i = b.index(b"\x18\x0f20")
	b[i + 16] ^= 1
	open("answer", "wb").write(b)
	END
	verdict 1 undecided 'the signature of the OCSP response is wrong' \
		fixed --revocation hard
	echo '<html>' >answer
	verdict 1 undecided 'not an OCSP response' fixed --revocation hard
	head -c 70000 /dev/zero >answer
	verdict 1 undecided 'larger than 65536 bytes' fixed --revocation hard
	# right, but a year later nobody knows whether it still is
	cp right answer
	verdict 1 bad 'expired' fixed --at "$(date -u -d '+1 year' +%F)"
	verdict 1 undecided 'the OCSP response was good until' fixed \
		--at "$(date -u -d '+5 days' +%F)" --revocation hard
	printf '\060\003\012\001\003' >answer
	verdict 75 undecided 'trylater' fixed --revocation hard
	printf '\060\003\012\001\006' >answer
	verdict 1 undecided 'unauthorized' fixed --revocation hard
}

@test "nobody is asked for a path that reaches no anchor" {
	webd
	ocspd -nmin 60
	cp "$F/other/ca.pem" .
	run_out ms-verify --trust ca.pem --fetch-private "$F/listed.eml"
	exits 1
	[ ! -e asked ]
}

@test "issuers are fetched when that is allowed" {
	webd
	verdict 1 undecided "certificate of issuer 'CN=Sub CA' is not there" \
		below
	[ ! -e asked ]
	verdict 0 good '' below --fetch-issuers
	verdict 0 good '' below --fetch-issuers --revocation off
	[ "$(grep -c 'GET /sub.cer' asked)" = 1 ]
	# the same in a certs-only CMS
	openssl crl2pkcs7 -nocrl -certfile ca.pem -certfile "$F/sub.crt" \
		-outform DER -out sub.cer
	rm -r ms/state
	verdict 0 good '' below --fetch-issuers
	rm -r sub.cer ms/state
	verdict 75 undecided "certificate of issuer" below --fetch-issuers
}

@test "ms-lookup asks for a list once, and says UNKNOWN when it cannot" {
	webd
	local i
	mkdir d
	for i in $(seq 12); do
		openssl req -x509 -newkey ec -pkeyopt \
			ec_paramgen_curve:P-256 -nodes -keyout k -out \
			"d/u$i.pem" -subj /CN=u -CA ca.pem -CAkey "$F/ca.key" \
			-days 9 -addext "subjectAltName=email:u$i@x.example" \
			-addext keyUsage=critical,keyAgreement \
			-addext basicConstraints=critical,CA:FALSE -addext \
			"crlDistributionPoints=URI:http://127.0.0.1:$WEB_PORT/ca.crl" \
			2>/dev/null
	done
	seq -f 'u%.0f@x.example' 12 >all
	run_out ms-lookup --check --trust ca.pem --source dir:d \
		--fetch-private --revocation hard <all
	exits 0
	[ "$(grep -c '	YES	' out)" = 12 ]
	[ "$(grep -c 'GET /ca.crl' asked)" = 1 ]
	rm -r ms/state ca.crl
	run_out ms-lookup --check --trust ca.pem --source dir:d \
		--fetch-private --revocation hard <all
	exits 75
	[ "$(grep -c '	UNKNOWN	.*HTTP status 404' out)" = 12 ]
	[ "$(grep -c 'GET /ca.crl.* 404' asked)" = 1 ]
	run_out ms-lookup --check --trust ca.pem --source dir:d \
		--fetch-private u1@x.example
	exits 0
	grep -q '	YES	dir:d; certificate: .*HTTP status 404' out
	run_out ms-encrypt --trust ca.pem --source dir:d --fetch-private \
		-r u1@x.example --no-self -o /dev/null "$F/mail.eml"
	exits 0
	err_has 'warning: u1@x.example: certificate: no revocation list covers'
	run_out ms-encrypt --trust ca.pem --source dir:d --fetch-private \
		--revocation hard -r u1@x.example --no-self "$F/mail.eml"
	exits 75
	out_empty
	# neither does it go by mail; with a list it does
	sed 's/^To: .*/To: u1@x.example/' "$F/mail.eml" >to.eml
	post() {
		run_out ms-send --trust ca.pem --source dir:d \
			--identity "$F/fine.pem" \
			--fetch-private --revocation hard --no-self \
			--transport maildir:box -t <to.eml
	}
	post
	exits 75
	err_has 'HTTP status 404'
	[ -z "$(find box -type f 2>/dev/null)" ]
	cp "$F/ca.crl" .
	post
	exits 0
	[ "$(find box -type f | wc -l)" = 1 ]
}

@test "ms-tsa asks about an authority" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout t.key -out t.crt -subj /CN=TSA -CA ca.pem \
		-CAkey "$F/ca.key" -days 50 \
		-addext keyUsage=critical,digitalSignature \
		-addext extendedKeyUsage=critical,timeStamping \
		-addext "crlDistributionPoints=URI:http://127.0.0.1:$WEB_PORT/ca.crl" \
		-addext basicConstraints=critical,CA:FALSE 2>/dev/null
	cat t.key t.crt >t.pem
	echo text >doc
	ms-tsa --query doc | ms-tsad --once --clock trust -i t.pem >r
	tsa_says() {
		local rc=$1 words=$2
		shift 2
		run_out ms-tsa --verify r --trust ca.pem --fetch-private "$@" \
			doc
		exits "$rc" && grep -q -- "$words" out
	}
	tsa_says 75 'undecided.*/ca.crl: ' --revocation hard
	tsa_says 0 'good.*/ca.crl: '
	tsa_says 0 'good.*	-$' --revocation off
	webd
	tsa_says 0 'good.*	-$' --revocation hard
}
