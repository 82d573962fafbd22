#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# PDF verified: what may come after a signature, and each attack on what a
# signature covers, refused for its own reason.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert alice alice@a.example p256 digitalSignature
	smime_cert bob bob@b.example p256 digitalSignature
	smime_tsa_cert
	mkpdf >plain.pdf
	mkpdf form >form.pdf
	mkpdf notes >notes.pdf
	ms-sign -i alice.pem -o signed.pdf plain.pdf
	ms-sign -i alice.pem -o f.pdf form.pdf
	ms-sign -i alice.pem -o n.pdf notes.pdf
	ms-sign -i alice.pem --certify no-changes -o c1.pdf form.pdf
	ms-sign -i alice.pem --certify form -o c2.pdf form.pdf
	ms-sign -i alice.pem --certify annotate -o c3.pdf form.pdf
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	cp "$F"/{ca.pem,*.pdf} .
}

teardown() {
	[ -z "${PID:-}" ] || { kill "$PID" 2>/dev/null; wait "$PID"; } || :
}

mkpdf() {
	"$MS_TOP/t/lib/mkpdf" "$@"
}

verify() {
	run_out ms-verify --trust ca.pem "$@"
}

# verdicts FILE WORD...: that of each signature.
verdicts() {
	local f=$1
	shift
	verify "$f"
	[ "$(cut -f2 out | tr '\n' ' ')" = "$* " ] || {
		echo "wanted $*:"
		cat out err
		return 1
	}
}

# after FILE WORDS NUM...: an update by those objects makes the signature bad,
# and the report says why.
after() {
	local f=$1 words=$2
	shift 2
	mkpdf update "$f" "$@" >u.pdf
	verdicts u.pdf bad
	exits 1
	grep -qF -- "$words" out || { cat out; return 1; }
}

# forge PYTHON: d, the bytes of signed.pdf, changed into forged.pdf.
forge() {
	python3 - "$1" <<-'END'
	import re, sys
	d = open('signed.pdf', 'rb').read()
	m = re.search(rb'/ByteRange \[0 (\d+) (\d+) (\d+) *\]', d)
	a, b, n = (int(x) for x in m.groups())
	def ranges(text):
	    return d[:m.start()] + (b'/ByteRange [' + text +
	        b']').ljust(m.end() - m.start()) + d[m.end():]
	exec(sys.argv[1])
	open('forged.pdf', 'wb').write(d)
	END
}

# forged PYTHON WORDS [CODE]
forged() {
	forge "$1"
	verify forged.pdf
	exits "${3:-1}"
	grep -qF -- "$2" out err || { cat out err; return 1; }
	not grep -q '	good	' out
}

@test "a good signature: who, when, what it covers" {
	verdicts signed.pdf good
	exits 0
	grep -q '^signed.pdf	good	alice@a.example	-	b-b	' out
	grep -q 'covers the whole file' out
	cat signed.pdf | ms-verify --trust ca.pem | grep -q '^-	good	alice'
	ms-verify --trust ca.pem --json signed.pdf >out
	grep -q '"verdict": *"good"' out
	grep -q '"code": *"whole"' out
	verify --signer alice@a.example signed.pdf
	exits 0
	verify --signer bob@b.example signed.pdf
	exits 1
	run_out ms-verify signed.pdf
	exits 1
	grep -q undecided out
	run_out ms-verify --trust ca.pem -x signed.pdf
	exits 64
	err_has 'are not for PDF'
}

@test "none, and what is no document" {
	verify plain.pdf
	exits 1
	grep -q '	none	.*the document has no signature' out
	head -c 600 signed.pdf >cut.pdf
	verify cut.pdf
	exits 65
	err_has 'section 7.5.5'
}

@test "a timestamp inside" {
	smime_tsad
	ms-sign -i "$F/alice.pem" --tsa "$TSA" --trust ca.pem -o t.pdf plain.pdf
	verdicts t.pdf good
	grep -q 'alice@a.example	20[^	]*Z	b-t	' out
}

@test "more signatures, in new fields, in empty ones, in linearised files" {
	need qpdf
	qpdf --linearize --object-streams=generate form.pdf l.pdf
	local f
	for f in form l; do
		ms-sign -i "$F/alice.pem" -o 1.pdf "$f.pdf"
		ms-sign -i "$F/bob.pem" --field First -o 2.pdf 1.pdf
		ms-sign -i "$F/alice.pem" -o 3.pdf 2.pdf
		verdicts 3.pdf good good good
		exits 0
		grep -c 'fields were filled in or signatures added' out |
			grep -q 2
	done
	ms-sign -i "$F/bob.pem" -o 2.pdf c2.pdf
	verdicts 2.pdf good good
}

@test "filling in, metadata, long-term data: told, not bad" {
	mkpdf update f.pdf '7 0 << /Type /Annot /Subtype /Widget /P 3 0 R /FT /Tx /T (Amount) /Rect [9 9 99 29] /V (2) /AP << /N 30 0 R >> >>' \
		'30 0 << /Type /XObject /Subtype /Form /BBox [0 0 9 9] >>' >u.pdf
	verdicts u.pdf good
	grep -q 'fields were filled in' out
	mkpdf update f.pdf '1 0 << /Type /Catalog /Pages 2 0 R /Metadata 12 0 R /AcroForm 6 0 R /DSS << /Certs [] >> >>' >u.pdf
	verdicts u.pdf good
	grep -q 'validation data' out
	mkpdf update f.pdf '12 0 << /Type /Metadata /Subtype /XML /Length 4 >>
stream
<y/>
endstream' >u.pdf
	verdicts u.pdf good
	# written again as it was
	mkpdf update f.pdf '5 0 << /BaseFont /Helvetica /Type /Font /Subtype /Type1 >>' >u.pdf
	verdicts u.pdf good
}

@test "changes of content, each named" {
	after signed.pdf 'object 4 was changed' '4 0 << /Length 44 >>
stream
BT /F1 24 Tf 72 720 Td (Pay 900 to M) Tj ET 
endstream'
	after signed.pdf '/Contents of object 3 was changed' '3 0 << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 20 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [14 0 R] >>' \
		'20 0 << /Length 0 >>
stream

endstream'
	after signed.pdf 'object 2 was changed' \
		'2 0 << /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>'
	after signed.pdf 'object 5 was changed' \
		'5 0 << /Type /Font /Subtype /Type1 /BaseFont /Courier >>'
	after signed.pdf '/OpenAction of object 1 was changed' '1 0 << /Type /Catalog /Pages 2 0 R /Metadata 12 0 R /OpenAction [3 0 R] /AcroForm << /Fields [14 0 R] /SigFlags 3 >> >>'
	after f.pdf 'an old object became a field' \
		'6 0 << /Fields [7 0 R 8 0 R 9 0 R 14 0 R 5 0 R] /SigFlags 3 /DA (/Helv 0 Tf) >>'
	after f.pdf 'was changed' '10 0 << /Type /XObject /Subtype /Form /BBox [0 0 90 20] /Length 1 >>
stream
q
endstream'
	after f.pdf '/A of object 30 was changed' \
		'6 0 << /Fields [7 0 R 8 0 R 9 0 R 14 0 R 30 0 R] /SigFlags 3 /DA (/Helv 0 Tf) >>' \
		'30 0 << /FT /Sig /T (x) /Subtype /Widget /A << /S /URI >> >>'
	after f.pdf 'the signed field' '14 0 << /Type /Annot /Subtype /Widget /FT /Sig /T <5369676E617475726531> /V 13 0 R /F 132 /Rect [0 0 9 9] /P 3 0 R >>'
}

@test "shadow attacks: hidden content does not come up" {
	# hide and replace: an entry that leads back into the signed bytes
	mkpdf update plain.pdf '19 0 (x
4 0 obj
<< /Length 3 >>
stream
q Q
endstream
endobj
)' >prepared.pdf
	ms-sign -i "$F/alice.pem" -o signed.pdf prepared.pdf
	python3 - <<-'END'
	import re
	d = open('signed.pdf', 'rb').read()
	at = d.index(b'4 0 obj\n<< /Length 3')
	prev = int(re.findall(rb'startxref\s+(\d+)', d)[-1])
	x = len(d)
	d += (b'xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size 30 /Root 1 0 R '
	      b'/Prev %d >>\nstartxref\n%d\n%%%%EOF\n' % (at, prev, x))
	open('u.pdf', 'wb').write(d)
	END
	verdicts u.pdf bad
	grep -q 'object 4 now is another one of the signed bytes' out
	# an object that the signed document refers to, and that did not exist
	mkpdf dangling >dangling.pdf
	ms-sign -i "$F/alice.pem" -o s.pdf dangling.pdf
	after s.pdf 'object 29, which the signed document refers to, was added' \
		'29 0 << /Type /Font /Subtype /Type1 /BaseFont /Courier >>'
	# another catalog, a removed object
	mkpdf update "$F/signed.pdf" '25 0 << /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [14 0 R] /SigFlags 3 >> >>' |
		python3 -c '
import sys
d = sys.stdin.buffer.read()
i = d.rindex(b"/Root 1 0 R")
sys.stdout.buffer.write(d[:i] + b"/Root 25 0 R" + d[i + 11:])' >u.pdf
	verdicts u.pdf bad
	grep -q 'the trailer was changed' out
	mkpdf update "$F/signed.pdf" '21 0 null' |
		python3 -c '
import re,sys
d = sys.stdin.buffer.read()
i = d.rindex(b"xref\n21 1\n")
sys.stdout.buffer.write(d[:i] + re.sub(rb"21 1\n\d{10} 00000 n ",
	b"4 1\n0000000000 00001 f ", d[i:], count=1))' >u.pdf
	verdicts u.pdf bad
	grep -q 'object 4 was removed' out
}

@test "ByteRange and Contents, USF and SWA" {
	forged 'd = ranges(b"0 %d %d %d 0" % (a, b, n))' \
		'not an array of four numbers'
	forged 'd = ranges(b"0 %d %d -%d" % (a, b, n))' \
		'not within the file'
	forged 'd = ranges(b"")' 'not an array of four numbers'
	forged 'd = d.replace(b"/ByteRange [", b"/ByteRangX [")' \
		'ByteRange is missing'
	forged 'd = ranges(b"1 %d %d %d" % (a, b, n))' \
		'does not begin with the first byte'
	forged 'd = ranges(b"0 %d %d %d" % (a - 9, b, n))' \
		'the gap in ByteRange is not just the value of Contents'
	forged 'd = ranges(b"0 %d %d %d" % (a, b + 9, n - 9))' \
		'the gap in ByteRange is not just the value of Contents'
	forged 'd = ranges(b"0 %d %d %d" % (a, b, n + 1))' \
		'beyond the end of the file'
	forged 'd = ranges(b"0 %d %d %d" % (a, b, 9))' \
		'not covered by its own signature'
	forged 'd = ranges(b"0 %d %d %d" % (a, b, n - 9))' \
		'what it covers is no document'
	forged 'd = d.replace(b"/Contents <", b"/Contentx <")' \
		'Contents is missing'
	forged 'd = d[:a + 1] + b"0" * 20 + d[a + 21:]' \
		'Contents holds no CMS object'
	forged 'd = d[:b - 9] + b"f" + d[b - 8:]' \
		'Contents holds more than a CMS object'
	# the second range moved, other bytes in the gap
	forged 'd = ranges(b"0 %d %d %d" % (a, b + 40, n - 40)); d = d[:b] + b" " * 40 + d[b:]' 'section 7.' 65
}

@test "what is appended without an update, ISA" {
	forged 'd += b"4 0 obj\n<< >>\nendobj\n" * 4' \
		'bytes were appended that belong to no update'
	cp signed.pdf s.pdf
	printf '\n\r\n' >>s.pdf
	verdicts s.pdf good
	# an update that forgets the signature
	mkpdf update plain.pdf '5 0 << >>' >u.pdf
	verify u.pdf
	exits 1
	grep -q '	none	' out
}

@test "a kind of signature that is not judged" {
	forge 'd = d.replace(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1 ")'
	verdicts forged.pdf undecided
	exits 1
	grep -q 'this kind of signature is not judged' out
}

@test "the signed bytes themselves" {
	local at
	for at in 30 200 700 -30; do
		python3 - "$at" <<-'END'
		import sys
		d = bytearray(open('signed.pdf', 'rb').read())
		i = d.index(b'Pay 100') + 4 if sys.argv[1] == '30' else \
		    d.index(b'/Helvetica') + 2 if sys.argv[1] == '200' else \
		    d.index(b'MediaBox [0 0 5') + 14 \
		    if sys.argv[1] == '700' else d.index(b'/M (D:') + 9
		d[i] ^= 1
		open('forged.pdf', 'wb').write(d)
		END
		verdicts forged.pdf bad
		grep -q 'differs from the messageDigest' out || { cat out; return 1; }
	done
}

@test "certifications: no changes, forms, annotations" {
	local fill='7 0 << /Type /Annot /Subtype /Widget /P 3 0 R /FT /Tx /T (Amount) /Rect [9 9 99 29] /V (9) /AP << /N 10 0 R >> >>'
	local note='3 0 << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [7 0 R 8 0 R 9 0 R 14 0 R 30 0 R] >>'
	local box='30 0 << /Type /Annot /Subtype /FreeText /Rect [70 700 300 750] /Contents (Pay 900) >>'
	after c1.pdf 'fields were filled in or signatures added' "$fill"
	mkpdf update c2.pdf "$fill" >u.pdf
	verdicts u.pdf good
	after c2.pdf 'annotations were added' "$note" "$box"
	after f.pdf 'annotations were added' "$note" "$box"
	mkpdf update c3.pdf "$note" "$box" >u.pdf
	verdicts u.pdf undecided
	after n.pdf 'annotations were added' '11 0 [14 0 R 30 0 R]' "$box"
	# a visible signature over a certified page, SSA
	after c2.pdf 'a visible signature field was added' \
		'6 0 << /Fields [7 0 R 8 0 R 9 0 R 14 0 R 30 0 R] /SigFlags 3 /DA (/Helv 0 Tf) >>' \
		'30 0 << /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [70 700 300 750] >>'
}

@test "a lock holds" {
	ms-sign -i "$F/alice.pem" --field Second -o l.pdf form.pdf
	verdicts l.pdf good
	after l.pdf "the locked field 'Amount' was changed" '7 0 << /Type /Annot /Subtype /Widget /P 3 0 R /FT /Tx /T (Amount) /Rect [9 9 99 29] /V (9) /AP << /N 10 0 R >> >>'
	ms-sign -i "$F/bob.pem" --field First -o 2.pdf l.pdf
	verdicts 2.pdf good good
}

@test "two signatures, and a change between and after" {
	mkpdf update signed.pdf '5 0 << /Type /Font /Subtype /Type1 /BaseFont /Courier >>' >u.pdf
	ms-sign -i "$F/bob.pem" -o 2.pdf u.pdf
	verdicts 2.pdf bad good
	ms-sign -i "$F/bob.pem" -o 2.pdf signed.pdf
	mkpdf update 2.pdf '5 0 << /Type /Font /Subtype /Type1 /BaseFont /Courier >>' >u.pdf
	verdicts u.pdf bad bad
}

@test "documents of others" {
	[ -d "$VECTORS/pdf-pyhanko" ] || skip 'no vectors'
	local f d=$VECTORS/pdf-pyhanko/pdf
	for f in "$d"/coverage-anomalies/*.pdf \
		"$d"/form-update-override*-sneaky.pdf \
		"$d"/pdf-sig-with-econtent.pdf \
		"$d"/extensions-indirect-not-all-paths.pdf; do
		verify --format pdf --at 2020-12-01 "$f"
		exits 1
		grep -q '	bad	' out || { echo "$f"; cat out; return 1; }
	done
	for f in "$d"/minimal-two-fields-signed-twice.pdf \
		"$d"/minimal-signed-twice-*.pdf "$d"/pades-lta-dss-*.pdf \
		"$d"/separate-annots-kids-indir.pdf; do
		verify --format pdf --at 2030-12-01 "$f"
		! grep -q 'changed after it was signed' out ||
			{ echo "$f"; cat out; return 1; }
	done
}
