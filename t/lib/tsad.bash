# SPDX-License-Identifier: Apache-2.0
# Timestamp authorities for tests:  load lib/tsad  behind lib/common.

# tsa_id NAME...: NAME.id, a key with a certificate that nobody has signed.
tsa_id() {
	local n
	printf '%s\n' extendedKeyUsage=critical,timeStamping \
		keyUsage=critical,digitalSignature >ext
	for n in "$@"; do
		openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
			-nodes -keyout "$n.key" -out "$n.csr" \
			-subj "/CN=TSA $n" 2>/dev/null
		openssl x509 -req -in "$n.csr" -signkey "$n.key" -days 20 \
			-extfile ext -out "$n.pem" 2>/dev/null
		cat "$n.key" "$n.pem" >"$n.id"
	done
}

# tsad_start ARG...: an authority that listens; $PID is it, $AT and $URL where.
# $LIMIT: blocks of 1024 bytes that any file of it may have.
tsad_start() {
	local i
	(
		[ -z "${LIMIT:-}" ] || { trap '' XFSZ; ulimit -S -f "$LIMIT"; }
		exec ms-tsad --ready-file ready --clock trust "$@"
	) </dev/null >tsad.log 2>&1 3>&- &
	PID=$!
	for i in $(seq 200); do
		[ -s ready ] && break
		sleep 0.05
	done
	AT=$(head -n 1 ready)
	URL=http://$AT/
}

# For teardown().
tsad_stop() {
	[ -z "${PID:-}" ] || { kill "$PID" 2>/dev/null; wait "$PID"; } || :
}
