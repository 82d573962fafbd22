# SPDX-License-Identifier: Apache-2.0
# For the tests of ms-send:  load lib/send  behind lib/common.

# In setup_file: a CA, and a key with certificate for each NAME@x.example;
# certs/ is the directory to look up in.
send_pki() {
	local n
	cd "$BATS_FILE_TMPDIR" || return
	mkdir certs
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.pem -subj /CN=CA -days 30 2>/dev/null
	for n in "$@"; do
		printf '%s\n' keyUsage=critical,digitalSignature,keyAgreement \
			extendedKeyUsage=emailProtection \
			"subjectAltName=email:$n@x.example" >ext
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -keyout "$n.key" -out "$n.csr" -subj "/CN=$n" \
			2>/dev/null
		openssl x509 -req -in "$n.csr" -CA ca.pem -CAkey ca.key \
			-CAcreateserial -days 20 -extfile ext -out "$n.pem" \
			2>/dev/null
		cat "$n.key" "$n.pem" >"$n.id"
		cp "$n.pem" "certs/$n@x.example.pem"
	done
	chmod 600 ./*.id
}

# In setup(): a home whose configuration says all but where to and to whom.
send_home() {
	ms_home
	F=$BATS_FILE_TMPDIR
	printf '%s\n' "trust = $F/ca.pem" "source = dir:$F/certs" \
		"identity = $F/alice.id" >"$MAILSEAL_HOME/mailseal.conf"
}

# to_maildir ARG...: ms-send into the Maildir md.
to_maildir() {
	run_out ms-send --transport maildir:md "$@"
}

# copies DIR N: so many messages were delivered, and none is half done.
copies() {
	local n
	n=$(find "$1/new" -type f 2>/dev/null | wc -l)
	[ "$n" = "$2" ] || { echo "$n messages, wanted $2"; return 1; }
	[ -z "$(find "$1/tmp" -type f 2>/dev/null)" ]
}

# heads FILE...: their header blocks, into file heads.
heads() {
	local f
	for f in "$@"; do
		sed '/^\r*$/q' "$f"
	done >heads
}

# opens NAME FILE: whether NAME's key opens the message; into file clear.
opens() {
	openssl cms -decrypt -in "$2" -inkey "$F/$1.key" -recip "$F/$1.pem" \
		-out clear 2>/dev/null
}

# copy_for NAME...: the one copy in md that just these (and alice) can open.
copy_for() {
	local f n found=
	for f in md/new/*; do
		for n in "$@"; do
			opens "$n" "$f" || continue 2
		done
		[ "$(rcptinfos "$f")" = $(($# + 1)) ] || continue
		[ -z "$found" ] || return 1
		found=$f
	done
	[ -n "$found" ] && echo "$found"
}

# rcptinfos FILE: how many readers a copy has, by openssl.
rcptinfos() {
	openssl cms -cmsout -print -noout -in "$1" |
		grep -c 'encryptedKey:'
}

# message [FIELD...]: to bob, copy to carol, blind copies to dave and erin.
message() {
	printf '%s\n' 'From: Alice <alice@x.example>' 'To: bob@x.example' \
		'Cc: carol@x.example' 'Bcc: dave@x.example,' \
		' erin@x.example' 'Subject: a notice' "$@" '' 'The text.'
}
