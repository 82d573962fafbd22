#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# PDF signed: what strangers say of it, what stays as it was, what is refused.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert alice alice@a.example rsa digitalSignature
	smime_cert bob bob@b.example p256 digitalSignature
	smime_cert pss alice@a.example pss digitalSignature
	smime_tsa_cert
	"$MS_TOP/t/lib/mkpdf" >plain.pdf
	"$MS_TOP/t/lib/mkpdf" form >form.pdf
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F"/{ca.pem,plain.pdf,form.pdf} .
}

teardown() {
	[ -z "${PID:-}" ] || { kill "$PID" 2>/dev/null; wait "$PID"; } || :
}

mkpdf() {
	"$MS_TOP/t/lib/mkpdf" "$@"
}

# accepted BEFORE AFTER: AFTER begins with BEFORE, and strangers like its last
# signature.
accepted() {
	local n
	n=$(stat -c %s "$1")
	cmp -n "$n" "$1" "$2" || return 1
	need pdfsig
	pdfsig "$2" >strangers 2>&1 || :
	if [ "$(grep -c 'Signature Type' strangers)" != \
		"$(grep -c 'Signature is Valid' strangers)" ] ||
		! grep -q '^  - Total document signed' strangers; then
		cat strangers
		return 1
	fi
	need mutool
	mutool sign -v "$2" 2>&1 | grep -q 'unchanged since signing' ||
		{ mutool sign -v "$2"; return 1; }
	need qpdf
	qpdf --check "$2" >checked 2>&1 || { cat checked; return 1; }
}

# ranges FILE N: what the Nth signature covers in `covered`, its CMS in `cms`.
ranges() {
	python3 - "$1" "$2" <<-'END'
	import re, sys
	d = open(sys.argv[1], 'rb').read()
	m = list(re.finditer(rb'/ByteRange \[(\d+) (\d+) (\d+) (\d+) *\]', d))
	a, b, c, e = [int(x) for x in m[int(sys.argv[2]) - 1].groups()]
	open('covered', 'wb').write(d[a:b] + d[c:c + e])
	h = bytes.fromhex(d[b + 1:c - 1].decode())
	n = int.from_bytes(h[2:4], 'big') + 4
	assert h[1] == 0x82 and not h[n:].strip(b'\0')
	open('cms', 'wb').write(h[:n])
	END
}

@test "a signature that readers accept, whatever the file is like" {
	need qpdf
	qpdf --object-streams=generate plain.pdf objstm.pdf
	qpdf --linearize plain.pdf linear.pdf
	qpdf --linearize --object-streams=generate form.pdf linobj.pdf
	mkpdf notes >notes.pdf
	head -c -1 plain.pdf >no-eol.pdf
	local f
	for f in plain form objstm linear linobj notes no-eol; do
		run_out ms-sign -i "$F/alice.pem" -o "$f.s.pdf" "$f.pdf"
		exits 0
		accepted "$f.pdf" "$f.s.pdf"
	done
	# the same kind of cross-reference as before
	tail -c 1000 objstm.s.pdf | grep -aq '/Type /XRef'
	not grep -aq "/Type /XRef" <(tail -c 1000 plain.s.pdf)
}

@test "openssl verifies the CMS over the range; no signing-time" {
	local k
	for k in alice bob pss; do
		ms-sign -i "$F/$k.pem" -o s.pdf plain.pdf
		ranges s.pdf 1
		openssl cms -verify -cades -binary -inform DER -in cms \
			-content covered -CAfile ca.pem -purpose any -out same
		cmp same covered
		openssl cms -cmsout -print -inform DER -in cms >text
		grep -q signingCertificateV2 text
		not grep -qi signingTime text
		not grep -qi 'S/MIME Capab' text
	done
}

@test "from a pipe, to a pipe" {
	cat plain.pdf | ms-sign -i "$F/alice.pem" | cat >s.pdf
	accepted plain.pdf s.pdf
}

@test "a second and a third signature, the earlier ones untouched" {
	ms-sign -i "$F/alice.pem" -o 1.pdf plain.pdf
	ms-sign -i "$F/bob.pem" -o 2.pdf 1.pdf
	ms-sign -i "$F/alice.pem" -o 3.pdf 2.pdf
	accepted 1.pdf 2.pdf
	accepted 2.pdf 3.pdf
	[ "$(pdfsig 3.pdf | grep -c 'Signature is Valid')" = 3 ]
	pdfsig 3.pdf | grep -q 'Field Name: Signature3'
}

@test "who, why, where, in any script" {
	run_out ms-sign -i "$F/alice.pem" --reason 'Grüße (ok)' \
		--location 'Zürich' --contact +41 --name '山田太郎 😀' \
		-o s.pdf plain.pdf
	exits 0
	accepted plain.pdf s.pdf
	need pdfsig
	qpdf --qdf --object-streams=disable s.pdf q.pdf
	grep -aq '/Reason.*G.r.\|/Reason <feff004700720' q.pdf
	grep -aqi '/Name <feff5c71.*d83dde00>' s.pdf
	run_out ms-sign -i "$F/alice.pem" --reason "$(printf '\377')" plain.pdf
	exits 64
	out_empty
}

@test "an empty field, a new one, one that is no signature's" {
	ms-sign -i "$F/alice.pem" --field First -o s.pdf form.pdf
	accepted form.pdf s.pdf
	pdfsig s.pdf | grep -q 'Field Name: First'
	run_out ms-sign -i "$F/alice.pem" --field First s.pdf
	exits 64
	err_has "the field 'First' is signed already"
	out_empty
	run_out ms-sign -i "$F/alice.pem" --field Amount form.pdf
	exits 64
	err_has "the field 'Amount' is not for a signature"
	run_out ms-sign -i "$F/alice.pem" --field a.b form.pdf
	exits 64
	err_has 'cannot name a new field'
	ms-sign -i "$F/alice.pem" --field Neu -o n.pdf form.pdf
	pdfsig n.pdf | grep -q 'Field Name: Neu'
}

@test "a lock in the field goes into the signature" {
	ms-sign -i "$F/alice.pem" --field Second -o s.pdf form.pdf
	accepted form.pdf s.pdf
	grep -aq '/TransformMethod /FieldMDP .*/Action /Include /Fields \[(Amount)\]' s.pdf
}

@test "certifying: only the first, and what it forbids" {
	ms-sign -i "$F/alice.pem" --certify form -o c.pdf plain.pdf
	accepted plain.pdf c.pdf
	grep -aq '/Perms << /DocMDP ' c.pdf
	ms-sign -i "$F/bob.pem" -o 2.pdf c.pdf
	run_out ms-sign -i "$F/bob.pem" --certify form c.pdf
	exits 1
	err_has 'only the first signature can certify'
	out_empty
	ms-sign -i "$F/alice.pem" --certify no-changes -o n.pdf plain.pdf
	run_out ms-sign -i "$F/bob.pem" n.pdf
	exits 1
	err_has 'the document is certified, and no change is allowed'
	out_empty
}

@test "with a timestamp; none without an authority" {
	smime_tsad
	ms-sign -i "$F/alice.pem" --tsa "$TSA" --trust ca.pem -o s.pdf plain.pdf
	accepted plain.pdf s.pdf
	ranges s.pdf 1
	openssl cms -cmsout -print -inform DER -in cms |
		grep -q timeStampToken
	kill "$PID"
	wait "$PID" || :
	PID=
	run_out ms-sign -i "$F/alice.pem" --tsa "$TSA" plain.pdf
	exits 75
	out_empty
}

@test "ms-tsa --pdf: a document timestamp, with and without signatures" {
	smime_tsad
	local f
	ms-sign -i "$F/alice.pem" -o s.pdf plain.pdf
	for f in plain s; do
		run_out ms-tsa --pdf --tsa "$TSA" --trust ca.pem -o t.pdf \
			"$f.pdf"
		exits 0
		cmp -n "$(stat -c %s "$f.pdf")" "$f.pdf" t.pdf
		ranges t.pdf "$(grep -ac ByteRange t.pdf)"
		openssl ts -verify -token_in -in cms -data covered \
			-CAfile ca.pem
		ms-verify --trust ca.pem t.pdf >out
		tail -n 1 out | grep -q '	good	.*	timestamp	'
		qpdf --check t.pdf
	done
	grep -q 'alice.*validation data, timestamps' out
	# it does not break a certification that forbids all else
	ms-sign -i "$F/alice.pem" --certify no-changes -o c.pdf plain.pdf
	cat c.pdf | ms-tsa --pdf --hash sha512 --tsa "$TSA" --trust ca.pem >t.pdf
	ms-verify --trust ca.pem t.pdf
	printf x >>t.pdf
	run_out ms-verify --trust ca.pem t.pdf
	exits 1
	grep -q 'bytes were appended that belong to no update' out
	run_out ms-tsa --pdf --armor --tsa "$TSA" plain.pdf
	exits 64
	run_out ms-tsa --pdf plain.pdf
	exits 78
	out_empty
}

@test "an XFA form is warned about" {
	mkpdf xfa >x.pdf
	run_out ms-sign -i "$F/alice.pem" -o s.pdf x.pdf
	exits 0
	err_has 'warning: the document has an XFA form'
}

@test "what is damaged or encrypted is refused, each for its reason" {
	local what
	sed 's/%PDF-1.7/%PDF-x.7/' plain.pdf >head.pdf
	sed 's/startxref/startxxxx/' plain.pdf >start.pdf
	sed 's/%%EOF/%%EOX/' plain.pdf >eof.pdf
	sed 's/ 00000 n/ 0x000 n/' plain.pdf >entry.pdf
	sed 's/^3 0 obj/7 0 obj/' plain.pdf >object.pdf
	sed 's/\/Size 13/\/Size 4 /' plain.pdf >size.pdf
	sed 's/\/Root 1 0 R/\/Root 1 1 R/' plain.pdf >root.pdf
	sed 's/\/Kids \[3 0 R\]/\/Kids [2 0 R]/' plain.pdf >kids.pdf
	sed 's/\/MediaBox/\/Type    /' plain.pdf >twice.pdf
	sed 's/\/Type \/Catalog/\/Type \/Cat[[[[/' plain.pdf >nest.pdf
	while IFS='|' read -r f what; do
		run_out ms-sign --format pdf -i "$F/alice.pem" "$f.pdf"
		exits 65 || { echo "$f"; return 1; }
		err_has "$what" || { echo "$f"; return 1; }
		out_empty
	done <<-'END'
	head|section 7.5.2: the file does not begin with %PDF-1.
	start|section 7.5.5: no startxref
	eof|section 7.5.5: no %%EOF
	entry|section 7.5.4: the entry of object
	object|section 7.3.10: no object at
	size|section 7.5.5: object 4 is not below /Size
	root|section 7.7.2: object 1 is no catalog
	kids|section 7.7.3: the page tree is deeper than 64 or a loop
	twice|section 7.3: a key that is there twice
	nest|section 7.3:
	END
	need qpdf
	qpdf --encrypt '' owner 256 -- plain.pdf enc.pdf
	run_out ms-sign -i "$F/alice.pem" enc.pdf
	exits 65
	err_has 'section 7.6: the document is encrypted'
	err_has 'hint: decrypt it first'
	out_empty
	run_out ms-sign -i "$F/alice.pem" --armor plain.pdf
	exits 64
	run_out ms-sign -i "$F/alice.pem" --format cms --reason x plain.pdf
	exits 64
	err_has 'are for PDF'
}

@test "documents of others: those that can be read get a signature" {
	[ -d "$VECTORS/pdf-pyhanko" ] || skip 'no vectors'
	need pdfsig
	local f n=0
	for f in "$VECTORS"/pdf-pyhanko/pdf/{minimal*,form-update*,pades*}.pdf \
		"$VECTORS"/pdf-pdfbox/*.pdf; do
		run_out ms-sign --format pdf -i "$F/bob.pem" -o s.pdf "$f"
		case $status in
		0)	cmp -n "$(stat -c %s "$f")" "$f" s.pdf
			pdfsig s.pdf 2>/dev/null | tail -4 |
				grep -q 'Signature is Valid' ||
				{ echo "$f"; return 1; }
			n=$((n + 1)) ;;
		1|65)	err_has 'ISO 32000' ;;
		*)	exits 0 ;;
		esac
	done
	[ "$n" -ge 35 ] || { echo "only $n"; return 1; }
}
