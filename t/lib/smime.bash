# SPDX-License-Identifier: Apache-2.0
# Certificates and messages for the tests of S/MIME:  load lib/smime

# smime_ca: ca.pem and ca.key in the working directory.
smime_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.pem -subj "/CN=Test CA" -days 60 \
		-addext basicConstraints=critical,CA:TRUE \
		-addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}

# smime_cert NAME ADDRESS KEY KEYUSAGE [OPENSSL-ARG...]: NAME.key, NAME.crt and
# both in NAME.pem; KEY is rsa, pss, p256 or p384.
smime_cert() {
	local name=$1 addr=$2 ku=$4 key
	case $3 in
	rsa) key=(rsa:2048) ;;
	pss) key=(rsa-pss -pkeyopt rsa_keygen_bits:2048) ;;
	p256) key=(ec -pkeyopt ec_paramgen_curve:P-256) ;;
	p384) key=(ec -pkeyopt ec_paramgen_curve:P-384) ;;
	esac
	shift 4
	openssl req -x509 -newkey "${key[@]}" -nodes -keyout "$name.key" \
		-out "$name.crt" -subj "/CN=$name" -CA ca.pem -CAkey ca.key \
		-days 30 -addext "subjectAltName=email:$addr" \
		-addext "keyUsage=critical,$ku" \
		-addext extendedKeyUsage=emailProtection \
		-addext basicConstraints=critical,CA:FALSE "$@" 2>/dev/null
	cat "$name.key" "$name.crt" >"$name.pem"
}

# smime_mail [FROM]: a message on stdout, dated now.
smime_mail() {
	printf '%s\n' "From: Alice <${1:-alice@a.example}>" \
		'To: bob@b.example' 'Subject: a notice' \
		"Date: $(date -R)" 'X-Other:  kept   as it is ' \
		'Content-Type: text/plain; charset=utf-8' \
		'Content-Transfer-Encoding: 8bit' '' 'Grüße,' \
		'  two lines  ' 'and a third'
}

# smime_tsad: a timestamp authority on loopback; $TSA is its URL, $PID its
# process.  Needs tsa.pem in $F.
smime_tsad() {
	ms-tsad --listen 127.0.0.1:0 --ready-file ready --clock trust \
		-i "$F/tsa.pem" </dev/null >tsad.log 2>&1 3>&- &
	PID=$!
	local i
	for i in $(seq 100); do
		[ -s ready ] && break
		sleep 0.1
	done
	TSA=http://$(head -n 1 ready)/
}

smime_tsa_cert() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout tsa.key -out tsa.crt -subj /CN=TSA -CA ca.pem \
		-CAkey ca.key -days 50 \
		-addext keyUsage=critical,digitalSignature \
		-addext extendedKeyUsage=critical,timeStamping \
		-addext basicConstraints=critical,CA:FALSE 2>/dev/null
	cat tsa.key tsa.crt >tsa.pem
}
