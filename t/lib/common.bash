# SPDX-License-Identifier: Apache-2.0
# Loaded by every .bats file:  load lib/common
#
# - the programs of this build come first in PATH;
# - MAILSEAL_HOME, HOME and TMPDIR lie in the test's own directory;
# - run_out keeps stdout, stderr and the exit code apart.

MS_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
MS_BUILD=$MS_TOP/build/${FLAVOUR:-release}
VECTORS=$MS_TOP/../shared/vectors
PATH=$MS_BUILD/bin:$PATH
LC_ALL=C.UTF-8
TZ=UTC
export PATH LC_ALL TZ MS_TOP MS_BUILD VECTORS
unset GNUPGHOME DISPLAY DBUS_SESSION_BUS_ADDRESS XDG_CONFIG_HOME \
	XDG_DATA_HOME XDG_STATE_HOME MAILSEAL_HOME
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export LSAN_OPTIONS=suppressions=$MS_TOP/t/lib/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

# A home of one's own for each test; call it first in setup().
ms_home() {
	HOME=$BATS_TEST_TMPDIR
	MAILSEAL_HOME=$HOME/ms
	TMPDIR=$HOME/tmp
	mkdir -p "$MAILSEAL_HOME" "$TMPDIR"
	export HOME MAILSEAL_HOME TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
}

# run_out COMMAND...: stdout in file `out`, stderr in file `err`, $status.
run_out() {
	status=0
	"$@" >out 2>err || status=$?
}

# ok / exits CODE: the last run_out ended so; shows stderr otherwise.
exits() {
	[ "$status" = "$1" ] || {
		echo "exit $status, wanted $1"
		sed 's/^/stderr: /' err
		return 1
	}
}

# err_has TEXT: the message names what it must name.
err_has() {
	grep -qF -- "$1" err || {
		echo "stderr lacks: $1"
		sed 's/^/stderr: /' err
		return 1
	}
}

# not COMMAND...: it must fail.  A bare `! COMMAND` never fails a test unless
# it is the last line of it.
not() {
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

# out_empty: nothing was published.
out_empty() {
	[ ! -s out ] || { echo "stdout is not empty"; return 1; }
}

# need TOOL: skip with its name unless it is installed; where everything has
# to be there (MS_NEED_ALL, set in .ci/run), fail.
need() {
	command -v "$1" >/dev/null || {
		echo "$1 is not installed"
		[ -z "${MS_NEED_ALL:-}" ] || return 1
		skip "$1 is not installed"
	}
}

# examples PAGE: the commands of a manual page's EXAMPLES, a line each.
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/s/^\.Dl //p' "$MS_TOP/man/$1" |
		sed 's/\\&//g; s/\\-/-/g'
}

# A house in which everything is there: an authority, a sender, a reader, both
# in the store, a directory of certificates, a Maildir, and a timestamp
# authority on loopback at $TSA (house_end ends it); mailseal.conf says so.
# Files for examples: notice.pdf, report.ods, mail.eml and message.eml.
house() {
	local ca i
	ca() { ms-ca "$1" --key-type p256 --no-passphrase "${@:2}"; }
	ca init --subject 'House CA'
	cp "$MAILSEAL_HOME/data/ca/ca.pem" .
	ca issue --usage sign --pem tax.pem tax@agency.example
	ca issue --pem ana.pem ana@citizen.example
	ca issue --usage tsa --subject 'House TSA' --pem tsa.pem
	ms-id import --no-passphrase tax.pem ana.pem
	mkdir certs
	ms-ca publish --dir certs
	cp "$MS_TOP/contrib/demo/notice.pdf" .
	seq 9999 >report.ods
	printf '%s\n' 'From: Tax Office <tax@agency.example>' \
		'To: ana@citizen.example' 'Subject: Notice' \
		"Date: $(date -R)" 'Message-ID: <1@agency.example>' '' \
		'Hello.' | tee mail.eml >message.eml
	ms-tsad --listen 127.0.0.1:0 --ready-file ready --clock trust \
		-i tsa.pem </dev/null >tsad.log 2>&1 3>&- &
	HOUSE_PID=$!
	for i in $(seq 100); do
		[ ! -s ready ] || break
		sleep 0.1
	done
	TSA=http://$(head -n 1 ready)/
	printf '%s\n' "trust = $PWD/ca.pem" "source = dir:$PWD/certs" \
		"tsa = $TSA" "transport = maildir:$PWD/Maildir" \
		'[ms-send]' 'identity = tax@agency.example' \
		>"$MAILSEAL_HOME/mailseal.conf"
}

house_end() {
	[ -z "${HOUSE_PID:-}" ] || {
		kill "$HOUSE_PID" 2>/dev/null
		wait "$HOUSE_PID"
	} || :
}

# try FILE: the shell commands in it work as they stand, but for the hosts.
try() {
	[ -s "$1" ] || { echo "no commands in $1"; return 1; }
	sed -i "s#http://\(127.0.0.1:3161\|tsa.example\)/#$TSA#g" "$1"
	setsid -w bash -euo pipefail "$1" </dev/null >out 2>err || {
		echo "exit $?"
		cat "$1" out err
		return 1
	}
}
