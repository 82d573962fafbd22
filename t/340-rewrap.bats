#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# ms-encrypt --rewrap: other readers, the same ciphertext.

load lib/common
load lib/smime

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	smime_ca
	smime_cert old old@a.example p256 keyAgreement
	smime_cert new new@a.example rsa keyEncipherment
	smime_cert bob bob@b.example rsa keyEncipherment
	smime_cert carol carol@c.example p384 keyAgreement
	mkdir certs
	cp bob.crt certs/bob.pem
	cp new.crt certs/new.pem
	smime_mail >mail.eml
	head -c 300000 /dev/urandom >file.bin
}

setup() {
	ms_home
	F=$BATS_FILE_TMPDIR
}

# sealed NAME CIPHER READER...: a message NAME.eml, a file NAME.p7m (DER) and
# one with indefinite lengths, NAME.ber.
sealed() {
	local r=() x
	for x in "${@:3}"; do r+=(-r "$F/$x.crt"); done
	ms-encrypt --no-self --cipher "$2" "${r[@]}" -o "$1.eml" "$F/mail.eml"
	ms-encrypt --no-self --cipher "$2" "${r[@]}" -o "$1.p7m" "$F/file.bin"
	cat "$F/file.bin" | ms-encrypt --no-self --cipher "$2" "${r[@]}" \
		-o "$1.ber"
}

# opens KEY FILE: openssl opens it with that key, and it is file.bin.
opens() {
	openssl cms -decrypt -inform DER -in "$2" -binary -out plain \
		-inkey "$F/$1.key" -recip "$F/$1.crt" 2>/dev/null &&
		cmp plain "$F/file.bin"
}

# shut KEY FILE: openssl cannot.
shut() {
	if opens "$@"; then
		echo "$1 opens $2"
		return 1
	fi
}

# tail_of FILE: what stands behind the RecipientInfos.
tail_of() {
	tail -c 299000 "$1" | sha256sum
}

readers() {
	openssl cms -cmsout -print -inform DER -in "$1" |
		grep -Ec 'd\.(ktri|kari):'
}

@test "the new key opens it, the old one does not, the bytes are the same" {
	local c n
	for c in aes-256-gcm aes-128-cbc; do
		sealed s "$c" old bob
		for n in p7m ber; do
			run_out ms-encrypt --rewrap -i "$F/old.pem" \
				-r "$F/new.crt" -o "r.$n" "s.$n"
			exits 0
			[ ! -s err ]
			opens new "r.$n"
			shut old "r.$n"
			shut bob "r.$n"
			[ "$(tail_of "s.$n")" = "$(tail_of "r.$n")" ]
			ms-decrypt -i "$F/new.pem" "r.$n" | cmp - "$F/file.bin"
			run_out ms-decrypt -i "$F/old.pem" "r.$n"
			exits 1
			# lengths were made right: DER stays DER
			openssl asn1parse -inform DER -in "r.$n" >asn1
		done
		head -c 2 r.ber | od -An -tx1 | grep -q '30 80'
		head -c 1 <(tail -c +2 r.p7m) | od -An -tx1 | grep -q 83
	done
}

@test "a message keeps its header" {
	local c
	for c in aes-256-gcm aes-256-cbc chacha20-poly1305; do
		sealed s "$c" old
		run_out ms-encrypt --rewrap -i "$F/old.pem" -r "$F/carol.crt" s.eml
		exits 0
		sed '/^$/q' s.eml >was
		mv out r.eml
		sed '/^$/q' r.eml >is
		cmp was is
		ms-decrypt -i "$F/carol.pem" r.eml | cmp - <(
			ms-decrypt -i "$F/old.pem" s.eml)
		run_out ms-decrypt -i "$F/old.pem" r.eml
		exits 1
	done
}

@test "--add keeps the readers, --drop all but one" {
	sealed s aes-256-gcm old bob
	ms-encrypt --rewrap -i "$F/old.pem" --add -r "$F/carol.crt" \
		-o a.p7m s.p7m
	[ "$(readers a.p7m)" = 3 ]
	for k in old bob carol; do opens "$k" a.p7m; done
	# one who is there already is not there twice
	ms-encrypt --rewrap -i "$F/carol.pem" --add -r "$F/carol.crt" \
		-r "$F/bob.crt" -o b.p7m a.p7m
	[ "$(readers b.p7m)" = 3 ]
	for k in old bob carol; do opens "$k" b.p7m; done
	ms-encrypt --rewrap -i "$F/old.pem" --drop "$F/old.crt" -o c.p7m a.p7m
	[ "$(readers c.p7m)" = 2 ]
	shut old c.p7m
	opens bob c.p7m
	opens carol c.p7m
	ms-encrypt --rewrap -i "$F/carol.pem" --source "dir:$F/certs" \
		--trust "$F/ca.pem" --drop bob@b.example -r new@a.example \
		-o d.p7m a.p7m
	[ "$(readers d.p7m)" = 3 ]
	shut bob d.p7m
	for k in old carol new; do opens "$k" d.p7m; done
}

@test "openssl's own messages, several keys in one RecipientInfo set" {
	openssl cms -encrypt -binary -outform DER -in "$F/file.bin" \
		-aes-256-gcm -out g.p7m "$F/old.crt" "$F/bob.crt"
	openssl cms -encrypt -binary -stream -outform DER -in "$F/file.bin" \
		-aes256 -keyid -out k.p7m "$F/bob.crt" "$F/old.crt"
	for x in g k; do
		ms-encrypt --rewrap -i "$F/bob.pem" --add -r "$F/new.crt" \
			--drop "$F/old.crt" -o "$x.new" "$x.p7m"
		opens bob "$x.new"
		opens new "$x.new"
		shut old "$x.new"
	done
}

@test "PEM stays PEM" {
	ms-encrypt --no-self --armor -r "$F/old.crt" -o s.pem "$F/file.bin"
	ms-encrypt --rewrap -i "$F/old.pem" -r "$F/new.crt" -o r.pem s.pem
	[ "$(head -n 1 r.pem)" = '-----BEGIN CMS-----' ]
	ms-decrypt -i "$F/new.pem" r.pem | cmp - "$F/file.bin"
}

@test "--in-place replaces each file or leaves it alone" {
	sealed s aes-256-gcm old
	ms-encrypt --no-self -r "$F/bob.crt" -o b.p7m "$F/file.bin"
	chmod 640 s.p7m
	cp b.p7m b.was
	head -c 200000 s.p7m >cut.p7m
	cp cut.p7m cut.was
	run_out ms-encrypt --rewrap -i "$F/old.pem" -r "$F/new.crt" \
		--in-place s.p7m b.p7m s.eml
	exits 1
	err_has 'b.p7m: no key here fits: 1 recipient, 1 identity'
	out_empty
	cmp b.p7m b.was
	opens new s.p7m
	[ "$(stat -c %a s.p7m)" = 640 ]
	ms-decrypt -i "$F/new.pem" s.eml >plain.eml
	run_out ms-encrypt --rewrap -i "$F/old.pem" -r "$F/new.crt" \
		--in-place cut.p7m
	exits 65
	err_has 'cut.p7m: '
	cmp cut.p7m cut.was
	[ "$(ls -A | grep -c cut)" = 2 ]
}

@test "a key that does not fit: nothing is written" {
	sealed s aes-256-gcm old
	for x in s.p7m s.ber s.eml; do
		run_out ms-encrypt --rewrap -i "$F/bob.pem" -r "$F/new.crt" $x
		exits 1
		err_has 'no key here fits: 1 recipient, 1 identity'
		out_empty
	done
	run_out ms-encrypt --rewrap -i "$F/bob.pem" -r "$F/new.crt" -o r s.p7m
	exits 1
	[ ! -e r ]
}

@test "what is refused" {
	sealed s aes-256-gcm old
	rw() { run_out ms-encrypt --rewrap -i "$F/old.pem" "$@"; }
	rw --drop "$F/bob.crt" s.p7m
	exits 1
	err_has 'nobody who is to be dropped is among the readers'
	out_empty
	rw --drop "$F/old.crt" s.p7m
	exits 1
	err_has 'no reader would be left'
	out_empty
	rw --drop eve@e.example --source "dir:$F/certs" --trust "$F/ca.pem" s.p7m
	exits 1
	err_has 'hint: --drop FILE names the certificate'
	rw -r "$F/new.crt" "$F/file.bin"
	exits 1
	err_has 'not encrypted'
	out_empty
	rw -r "$F/new.crt" "$F/mail.eml"
	exits 1
	err_has 'not encrypted'
	out_empty
	rw s.p7m
	exits 64
	err_has '--rewrap wants -r ADDRESS|FILE or --drop ADDRESS|FILE'
	rw -t s.eml
	exits 64
	err_has '-t is not for --rewrap'
	rw --cipher aes-256-gcm -r "$F/new.crt" s.p7m
	exits 64
	err_has '--rewrap keeps the cipher'
	rw -r "$F/new.crt" s.p7m s.ber
	exits 64
	err_has 'one FILE at a time, or --in-place'
	rw -r "$F/new.crt" --in-place
	exits 64
	err_has '--in-place wants FILE'
	rw -r "$F/new.crt" --in-place -
	exits 64
	err_has '--in-place cannot replace stdin'
	rw -r "$F/new.crt" --in-place -o x s.p7m
	exits 64
	err_has '--in-place is the output'
	run_out ms-encrypt --in-place -r "$F/new.crt" s.p7m
	exits 64
	err_has 'go with --rewrap'
	rw -r "$F/new.crt" -o s.p7m s.p7m
	exits 64
}

@test "trailing bytes and a message that ends too soon" {
	sealed s aes-256-gcm old
	cp s.p7m long.p7m
	echo more >>long.p7m
	run_out ms-encrypt --rewrap -i "$F/old.pem" -r "$F/new.crt" -o r long.p7m
	exits 65
	err_has 'trailing bytes'
	[ ! -e r ]
	head -c 1000 s.ber >short.ber
	run_out ms-encrypt --rewrap -i "$F/old.pem" -r "$F/new.crt" -o r short.ber
	exits 65
	err_has 'truncated'
	[ ! -e r ]
}
