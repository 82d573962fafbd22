#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hostile and damaged input: nothing is published, the message names why.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert alice alice@a.example p256 digitalSignature
	smime_cert bob bob@b.example p256 keyAgreement
	smime_cert rbob bob@b.example rsa keyEncipherment
	smime_cert eve eve@e.example p256 keyAgreement
	smime_mail >mail.eml
	head -c 1000 /dev/urandom >file.bin
	ms-sign -i alice.pem mail.eml >signed.eml
	ms-sign -i alice.pem --opaque mail.eml >opaque.eml
	ms-sign -i alice.pem file.bin >signed.p7m
	ms-encrypt -r bob.crt --cipher aes-256-gcm file.bin >gcm.p7m
	ms-encrypt -r bob.crt --cipher aes-256-gcm mail.eml >gcm.eml
	ms-encrypt -r bob.crt file.bin >cbc.p7m
	ms-encrypt -r bob.crt signed.eml >cbc.eml
	ms-encrypt -r bob.crt opaque.eml >cbco.eml
	ms-decrypt -i bob.pem cbc.eml >inside.eml
	ms-decrypt -i bob.pem cbco.eml >insideo.eml
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
	H=$MS_TOP/t/hostile
	mkdir d
}

DAMAGED='cannot be decrypted: damaged, or not meant for this key'

# stays_shut FILE WORDS [ARG...]: ms-decrypt opens nothing, with 65.
stays_shut() {
	run_out ms-decrypt -i "$F/bob.pem" "${@:3}" "$1"
	exits 65 && err_has "$2" && out_empty || { echo "$1"; return 1; }
}

# not_good FILE: never a good verdict, and nothing extracted, unless what is
# extracted is what was signed.
not_good() {
	run_out ms-verify --trust "$F/ca.pem" -x "$1"
	case $status in
	0) cmp out "$2" || { echo "$1: other content is good"; return 1; } ;;
	1 | 65) out_empty || { echo "$1"; return 1; } ;;
	*) exits 1 ;;
	esac
}

@test "ciphertext and tag, a bit flipped: AES-GCM" {
	local f
	"$H/flip.py" "$F/gcm.p7m" -1018 0 31 2 d
	for f in d/*; do
		# the heads of ciphertext and tag are structure
		case $((${f#d/} - $(stat -c %s "$F/gcm.p7m"))) in
		-17 | -18) continue ;;
		esac
		stays_shut "$f" "$DAMAGED"
	done
	"$H/flip.py" "$F/gcm.eml" -100 0 9 0 d
	rm -f d/*
	"$H/flip.py" "$F/gcm.p7m" -16 0 5 7 d
	for f in d/*; do
		stays_shut "$f" "$DAMAGED"
	done
}

@test "any byte of an enveloped file, a bit flipped" {
	local f
	"$H/flip.py" "$F/gcm.p7m" 0 0 13 0 d
	for f in d/*; do
		run_out ms-decrypt -i "$F/bob.pem" "$f"
		case $status in
		0) cmp out "$F/file.bin" ;;
		1 | 65) out_empty ;;
		*) exits 65 ;;
		esac
	done
}

@test "AES-CBC, signed inside: a bit flipped anywhere in the ciphertext" {
	local f in
	for in in cbc:inside cbco:insideo; do
		rm -f d/*
		# no unprotected attributes: the ciphertext is all that is left
		local size
		size=$(sed '1,/^$/d' "$F/${in%:*}.eml" | base64 -d | wc -c)
		"$H/flip.py" "$F/${in%:*}.eml" $((size - 1500)) $((size - 10)) \
			23 3 d
		for f in d/*; do
			run_out ms-decrypt -i "$F/bob.pem" --format mail "$f"
			case $status in
			0) cmp out "$F/${in#*:}.eml" ;;
			*) exits 65 && err_has cannot && out_empty ;;
			esac
		done
		rm -f d/*
		"$H/flip.py" "$F/${in%:*}.eml" $((size - 700)) \
			$((size - 100)) 37 0 d
		for f in d/*; do
			stays_shut "$f" "$DAMAGED"
		done
	done
}

@test "AES-CBC, signed inside by somebody whose certificate is not there" {
	openssl cms -sign -nocerts -in "$F/mail.eml" -signer "$F/alice.pem" \
		-from alice@a.example -to b@b.example -out s.eml
	ms-encrypt -r "$F/bob.crt" s.eml >e.eml
	stays_shut e.eml "$DAMAGED"
	openssl cms -sign -nocerts -nodetach -binary -in "$F/file.bin" \
		-signer "$F/alice.pem" -outform DER |
		ms-encrypt -r "$F/bob.crt" >e.p7m
	stays_shut e.p7m "$DAMAGED"
}

@test "bad padding, bad structure and a wrong RSA key: one message" {
	local f n
	"$H/flip.py" "$F/cbc.p7m" -17 0 16 0 d
	for f in d/*; do
		stays_shut "$f" "$DAMAGED"
	done
	ms-encrypt -r "$F/rbob.crt" "$F/file.bin" >r.p7m
	# the encrypted key: behind rsaEncryption and NULL
	n=$(LC_ALL=C grep -obUaP '\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01' r.p7m |
		head -n 1 | cut -d: -f1)
	mkdir e
	"$H/flip.py" r.p7m $((n + 40)) $((n + 60)) 10 0 e
	for f in e/*; do
		run_out ms-decrypt -i "$F/rbob.pem" "$f"
		exits 65 && err_has "$DAMAGED" && out_empty
	done
}

@test "signed: any byte flipped in a file, in base64, in a message" {
	local f
	"$H/flip.py" "$F/signed.p7m" 0 0 17 1 d
	for f in d/*; do
		not_good "$f" "$F/file.bin"
	done
	rm -f d/*
	ms-verify -x --trust "$F/ca.pem" "$F/opaque.eml" >want 2>/dev/null
	"$H/flip.py" "$F/opaque.eml" 0 0 41 4 d
	for f in d/*; do
		not_good "$f" want
	done
}

@test "signed content, attributes and value, a bit flipped" {
	local n f
	# the content stands first, the value last
	n=$(LC_ALL=C grep -obUaP '\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01' \
		"$F/signed.p7m" | head -n 1 | cut -d: -f1)
	"$H/flip.py" "$F/signed.p7m" $((n + 100)) $((n + 900)) 99 5 d
	for f in d/*; do
		run_out ms-verify --trust "$F/ca.pem" "$f"
		exits 1
		grep -q '	bad	.*differs from the messageDigest' out
	done
	rm -f d/*
	"$H/flip.py" "$F/signed.p7m" -30 -10 4 5 d
	for f in d/*; do
		run_out ms-verify --trust "$F/ca.pem" "$f"
		exits 1
		grep -q '	bad	.*the signature value is wrong' out
	done
	rm -f d/*
	# signingTime, the first digit of its seconds
	n=$(LC_ALL=C grep -obUaP '\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05' \
		"$F/signed.p7m" | head -n 1 | cut -d: -f1)
	"$H/flip.py" "$F/signed.p7m" $((n + 24)) $((n + 25)) 1 0 d
	for f in d/*; do
		run_out ms-verify --trust "$F/ca.pem" "$f"
		exits 1
		grep -q '	bad	.*the signature value is wrong' out
	done
}

@test "cut off at every sixteenth, and bytes behind the end" {
	local f
	for m in gcm.p7m cbc.p7m; do
		rm -f d/*
		"$H/cut.py" "$F/$m" d
		for f in d/*; do
			run_out ms-decrypt -i "$F/bob.pem" "$f"
			exits 65 && out_empty || { echo "$m $f"; return 1; }
			[ "$f" != d/trailing ] || err_has 'trailing bytes'
		done
	done
	for m in gcm.eml cbc.eml; do
		rm -f d/*
		"$H/cut.py" "$F/$m" d
		rm -f d/almost	# a line end
		for f in d/*; do
			run_out ms-decrypt -i "$F/bob.pem" "$f"
			case $status in 1 | 65) out_empty ;; *) exits 65 ;; esac
		done
	done
	for m in signed.p7m:file.bin signed.eml:mail.eml opaque.eml:mail.eml; do
		rm -f d/*
		"$H/cut.py" "$F/${m%:*}" d
		ms-verify -x --trust "$F/ca.pem" "$F/${m%:*}" >want 2>/dev/null
		for f in d/*; do
			not_good "$f" want
		done
	done
	printf 'x' | cat "$F/signed.p7m" - >t.p7m
	run_out ms-verify --trust "$F/ca.pem" t.p7m
	exits 65
	err_has 'trailing bytes'
}

@test "what AuthEnvelopedData must not be" {
	"$H/auth-cbc.py" "$F/gcm.p7m" a.p7m cbc
	stays_shut a.p7m 'RFC 5083'
	"$H/auth-cbc.py" "$F/gcm.p7m" a.p7m tag4
	stays_shut a.p7m 'RFC 5084 section 3.2'
	"$H/auth-cbc.py" "$F/gcm.p7m" a.p7m nonce8
	stays_shut a.p7m 'RFC 5084 section 3.2'
}

@test "a key it was not encrypted to" {
	run_out ms-decrypt -i "$F/eve.pem" "$F/gcm.p7m"
	exits 1
	err_has 'no key here fits: 1 recipient, 1 identity'
	out_empty
}

# nested N: multiparts in each other.
nested() {
	python3 - "$1" <<-'EOF'
		import sys
		n = int(sys.argv[1])
		print('From: alice@a.example\nTo: b@b.example')
		for i in range(n):
		    print(f'Content-Type: multipart/mixed; boundary=b{i}x\n\n--b{i}x')
		print('\nleaf')
		for i in reversed(range(n)):
		    print(f'--b{i}x--')
	EOF
}

@test "multiparts nested 1,000 deep" {
	nested 1000 >n.eml
	run_out ms-verify --trust "$F/ca.pem" n.eml
	exits 65
	err_has 'RFC 2046 section 5.1: multiparts nested deeper than 64'
	out_empty
	run_out ms-verify --parts n.eml
	exits 65
	out_empty
	run_out ms-decrypt n.eml
	exits 1
	out_empty
	# what is inside of a signature is content, however deep
	ms-sign -i "$F/alice.pem" n.eml >s.eml
	run_out ms-verify --trust "$F/ca.pem" s.eml
	exits 0
	run_out ms-verify --trust "$F/ca.pem" --parts s.eml
	exits 65
	out_empty
	nested 50 >n.eml
	run_out ms-verify n.eml
	exits 1
	grep -q '	none	' out
}

@test "a header line of 100 MiB" {
	long() {
		printf 'From: alice@a.example\nTo: b@b.example\nX: '
		head -c 104857600 /dev/zero | tr '\0' x
		printf '\n\nbody\n'
	}
	local p
	for p in "ms-sign -i $F/alice.pem" ms-verify ms-decrypt \
		"ms-encrypt -r $F/bob.crt"; do
		run_out $p < <(long)
		exits 65
		err_has 'RFC 5322 section 2.2: a field is longer than'
		out_empty
	done
}

@test "20,000 recipients, ours the last" {
	python3 - "$F/gcm.p7m" "$F" many.p7m <<-'EOF'
		import sys
		sys.argv[0] = sys.argv[1]
		def read(b, i):
		    n = b[i + 1]; i += 2
		    if n & 0x80:
		        k = n & 0x7f; n = int.from_bytes(b[i:i + k], 'big'); i += k
		    return i, i + n
		def tlv(tag, v):
		    n = len(v)
		    if n < 0x80: return bytes([tag, n]) + v
		    k = (n.bit_length() + 7) // 8
		    return bytes([tag, 0x80 | k]) + n.to_bytes(k, 'big') + v
		def items(v):
		    i, r = 0, []
		    while i < len(v):
		        b, e = read(v, i); r.append((v[i], v[b:e])); i = e
		    return r
		join = lambda l: b''.join(tlv(t, v) for t, v in l)
		info = items(items(open(sys.argv[1], 'rb').read())[0][1])
		aed = items(items(info[1][1])[0][1])
		ri = aed[1][1]
		# the same for others: the last octet of the serial number differs
		at = ri.index(b'\x06\x03\x55\x04\x03')
		other = bytearray(ri)
		other[at + 8] ^= 1
		aed[1] = (0x31, bytes(other) * 19999 + ri)
		info[1] = (0xa0, tlv(0x30, join(aed)))
		open(sys.argv[3], 'wb').write(tlv(0x30, join(info)))
	EOF
	run_out ms-decrypt -i "$F/bob.pem" many.p7m
	exits 0
	cmp out "$F/file.bin"
	run_out ms-decrypt -i "$F/eve.pem" many.p7m
	exits 1
	err_has 'no key here fits: 20000 recipients'
	out_empty
}

@test "malformed messages of all kinds are refused, not crashed on" {
	local f p n=0
	[ -d "$VECTORS/mime" ] || skip "the MIME vectors are not here"
	for f in "$VECTORS"/mime/malformed/*.eml "$VECTORS"/mime/rfc/*.eml; do
		for p in ms-verify "ms-verify --parts" ms-decrypt; do
			run_out $p --format mail "$f"
			case $status in
			1 | 65) ;;
			*) echo "$p $f"; exits 65; return 1 ;;
			esac
		done
		n=$((n + 1))
	done
	[ $n -gt 10 ]
}
