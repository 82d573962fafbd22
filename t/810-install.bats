#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# make install and make uninstall, and that what is installed runs.

load lib/common

setup() {
	ms_home
	D=$BATS_TEST_TMPDIR/dest
	case ${FLAVOUR:-release} in
	release) ;;
	*) skip 'only what is released is installed' ;;
	esac
}

# make without what the make that runs the tests handed down.
clean_make() {
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
		make -s -C "$MS_TOP" DESTDIR="$D" PREFIX=/opt/ms "$@"
}

@test "what is installed runs from anywhere, pages and completions with it" {
	local src p page
	clean_make install
	mv "$D/opt/ms" "$BATS_TEST_TMPDIR/elsewhere"
	cd "$BATS_TEST_TMPDIR/elsewhere"
	for src in "$MS_TOP"/cmd/ms-*.c; do
		p=$(basename "$src" .c)
		[ "$(env -i PATH=/usr/bin "bin/$p" --version)" = \
			"$p (mailseal) $(cat "$MS_TOP/VERSION")" ]
		[ -s "share/bash-completion/completions/$p" ]
		[ -s "share/zsh/site-functions/_$p" ]
		[ -s "share/fish/vendor_completions.d/$p.fish" ]
	done
	for src in "$MS_TOP"/man/*.[1578]; do
		page=$(basename "$src")
		cmp "$src" "share/man/man${page##*.}/$page"
	done
	# the store of certificates is a module
	env -i PATH=/usr/bin MAILSEAL_HOME="$MAILSEAL_HOME" TMPDIR="$TMPDIR" \
		bin/ms-ca init --subject House --key-type p256 --no-passphrase
	mv lib/mailseal away
	run_out bin/ms-ca list
	exits 69
	[ -z "$(find "$D" -type f)" ]
}

@test "uninstall takes away what install put there, and nothing else" {
	mkdir -p "$D/opt/ms/bin"
	: >"$D/opt/ms/bin/ms-other"
	clean_make install
	clean_make uninstall
	[ "$(find "$D" ! -type d)" = "$D/opt/ms/bin/ms-other" ]
	[ ! -e "$D/opt/ms/lib/mailseal" ]
}
