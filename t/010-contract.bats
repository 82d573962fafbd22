#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What holds for every program.  Options against manual pages: t/lint.

load lib/common

setup() {
	ms_home
}

progs() {
	local f
	for f in "$MS_TOP"/cmd/ms-*.c; do
		[ ! -e "$f" ] || basename "$f" .c
	done
}

# Those that read one document from FILE or stdin.
filters() {
	local p
	for p in ms-sign ms-verify ms-encrypt ms-decrypt ms-tsa; do
		[ ! -e "$MS_TOP/cmd/$p.c" ] || echo "$p"
	done
}

# What a filter cannot do without.
with_key() {
	need openssl
	openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem \
		-days 2 -subj /CN=a -addext subjectAltName=email:a@a.example \
		2>/dev/null
}
needs_of() {
	case $1 in
	ms-sign) echo '--key k.pem --cert c.pem' ;;
	ms-encrypt) echo '-r ./c.pem' ;;
	ms-decrypt) echo '--key k.pem --cert c.pem' ;;
	esac
}

# each NAME-OF-LIST FUNCTION: run it for every program, name the failing ones.
each() {
	local p rc=0
	for p in $("$1"); do
		"$2" "$p" || { echo "$p: $2"; rc=1; }
	done
	return $rc
}

help_works() {
	run_out "$1" --help
	exits 0 && [ ! -s err ] && grep -q "^Usage: $1" out || return 1
	[ "$1" = ms-send ] || {
		cp out help
		run_out "$1" -h
		exits 0 && cmp -s out help
	}
}
@test "--help goes to stdout and is no failure" {
	each progs help_works
}

version_works() {
	run_out "$1" --version
	exits 0 && [ ! -s err ] &&
		[ "$(cat out)" = "$1 (mailseal) $(cat "$MS_TOP/VERSION")" ]
}
@test "--version" {
	each progs version_works
}

unknown_option() {
	run_out "$1" --no-such-option </dev/null
	exits 64 && err_has "$1: unknown option '--no-such-option'" &&
		err_has "$1: hint: $1 --help" && out_empty
}
@test "an unknown option is 64, with a hint" {
	each progs unknown_option
}

control_bytes() {
	run_out "$1" $'--no\033[2Jsuch' </dev/null
	exits 64 && err_has '--no\x1b[2Jsuch'
}
@test "control bytes in a message are escaped" {
	each progs control_bytes
}

full_device() {
	local rc=0
	"$1" --help >/dev/full 2>err || rc=$?
	[ "$rc" = 74 ] || { echo "exit $rc, wanted 74"; return 1; }
}
@test "a full device is noticed" {
	each progs full_device
}

# A command that fails for want of arguments may; none may die of a signal,
# hang, or be content without an input.
closed() {
	local rc
	for fd in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		rc=0
		eval "timeout 10 setsid -w $1 --no-such $fd" </dev/null \
			>out 2>err || rc=$?
		[ "$rc" = 64 ] || { echo "$fd: exit $rc, wanted 64"; return 1; }
	done
	rc=0
	"$1" --help >&- 2>err || rc=$?
	[ "$rc" = 74 ] || { echo "--help >&-: exit $rc, wanted 74"; return 1; }
}
@test "closed stdin, stdout and stderr do no harm" {
	each progs closed
}

unknown_key() {
	echo 'no-such-key = 1' >"$MAILSEAL_HOME/mailseal.conf"
	run_out setsid -w "$1" </dev/null
	exits 78 && err_has "mailseal.conf:1: unknown key 'no-such-key'" &&
		out_empty || return 1
	printf '[ms-nothing]\n' >"$MAILSEAL_HOME/mailseal.conf"
	echo 'trust = x' >>"$MAILSEAL_HOME/mailseal.conf"
	run_out setsid -w "$1" </dev/null
	exits 78 && err_has "unknown section [ms-nothing]" || return 1
	run_out "$1" --help
	exits 0
}
@test "an unknown configuration key or section is 78, but --help works" {
	each progs unknown_key
}

writable_conf() {
	: >"$MAILSEAL_HOME/mailseal.conf"
	chmod 666 "$MAILSEAL_HOME/mailseal.conf"
	run_out setsid -w "$1" </dev/null
	exits 78 && err_has 'mailseal.conf'
}
@test "a configuration that others can write is refused" {
	each progs writable_conf
}

missing_conf() {
	run_out setsid -w "$1" --config nowhere.conf </dev/null
	exits 78 && err_has nowhere.conf
}
@test "--config FILE must be there" {
	each progs missing_conf
}

secret_uri() {
	run_out "$1" 'smtp://user:geheim@host/' </dev/null
	exits 64 && ! grep -q geheim err || return 1
	run_out "$1" --config='pkcs11:token=x?pin-value=1234' </dev/null
	exits 64 && ! grep -q 1234 err
}
@test "a URI with a secret in the arguments is 64 and not repeated" {
	each progs secret_uri
}

missing_file() {
	run_out setsid -w "$1" $(needs_of "$1") ./no-such-file </dev/null
	exits 66 && err_has "cannot open './no-such-file': No such file" &&
		out_empty
}
@test "a missing FILE operand is 66" {
	with_key
	each filters missing_file
}

empty_stdin() {
	run_out setsid -w "$1" $(needs_of "$1") </dev/null
	exits 65 && err_has 'hint: did the program before it fail?' &&
		out_empty || return 1
	run_out setsid -w "$1" $(needs_of "$1") < <(:)
	exits 65 && out_empty
}
@test "empty stdin is 65, with a hint" {
	with_key
	each filters empty_stdin
}
