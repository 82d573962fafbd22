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
