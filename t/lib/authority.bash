# SPDX-License-Identifier: Apache-2.0
# A certification authority made by openssl alone, for tests that must not
# rest on our own:  load lib/authority
#
# a_ca NAME                       NAME.pem NAME.key
# a_cert CA FILE ADDRESS USE [OPTION...]   FILE.pem FILE.key; USE: sign,
#                                 encrypt, both or none; OPTIONs for openssl
# a_crl CA FILE                   revokes FILE.pem, writes CA.crl

a_conf() {
	cat <<-END
	[req]
	distinguished_name = dn
	[dn]
	[v3_ca]
	basicConstraints = critical,CA:TRUE
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	[ca]
	default_ca = this
	[this]
	database = $1.index
	crlnumber = $1.number
	default_md = sha256
	default_crl_days = 30
	certificate = $1.pem
	private_key = $1.key
	END
}

a_key() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
		-out "$1" 2>/dev/null
}

a_ca() {
	a_conf "$1" >"$1.cnf"
	: >"$1.index"
	echo 01 >"$1.number"
	a_key "$1.key"
	openssl req -x509 -new -key "$1.key" -out "$1.pem" -days 365 \
		-subj "/CN=$1" -config "$1.cnf" -extensions v3_ca
}

a_cert() {
	local ca=$1 file=$2 addr=$3 ku
	case $4 in
	sign) ku=digitalSignature ;;
	encrypt) ku=keyAgreement ;;
	both) ku=digitalSignature,keyAgreement ;;
	none) ku=keyCertSign ;;
	esac
	shift 4
	a_key "$file.key"
	openssl req -new -key "$file.key" -subj "/CN=$addr" \
		-config "$ca.cnf" -out "$file.csr"
	{
		echo "keyUsage = critical,$ku"
		echo 'extendedKeyUsage = emailProtection'
		echo 'subjectKeyIdentifier = hash'
		echo 'authorityKeyIdentifier = keyid'
		[ "$addr" = - ] || echo "subjectAltName = email:$addr"
	} >"$file.ext"
	openssl x509 -req -in "$file.csr" -CA "$ca.pem" -CAkey "$ca.key" \
		-set_serial "0x$(openssl rand -hex 15)" -days 90 \
		-extfile "$file.ext" -out "$file.pem" "$@" 2>/dev/null
}

a_crl() {
	openssl ca -config "$1.cnf" -revoke "$2.pem" 2>/dev/null
	openssl ca -config "$1.cnf" -gencrl -out "$1.crl" 2>/dev/null
}
