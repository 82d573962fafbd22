# SPDX-License-Identifier: Apache-2.0
#
# The only makefile.  A source file, a program, a test is added by adding the
# file; an area is added to AREAS and to the table of arrows below it.
#
#   make            build the programs            (FLAVOUR=release|asan)
#   make demo       the main job, shown step by step, on this machine
#   make check      install what is missing, build, run all tests
#   make check-asan the same under the address and undefined sanitizers
#   make fuzz       build the fuzz targets;  make fuzz-smoke runs them shortly
#   make bench      ratios beside the peers and the physical limit
#   make install    PREFIX=/usr/local DESTDIR=   (make uninstall: away again)
#   WERROR=1        warnings are errors

FLAVOUR ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib/mailseal
MANDIR  ?= $(PREFIX)/share/man
CONFDIR ?= /etc/mailseal
V       := $(shell cat VERSION)
B       := build/$(FLAVOUR)

# Which area may include which: the arrows, checked by t/lint/arrows.
AREAS := base journal addr der mime pdf net store pki cms tsp smime pades \
	serve remote lookup mail ca certdb dispatch cli
ARROW_base     :=
ARROW_journal  := base
ARROW_addr     := base
ARROW_der      := base
ARROW_mime     := addr
ARROW_pdf      := base
ARROW_net      := base
ARROW_store    := base
ARROW_pki      := der addr
ARROW_cms      := pki
ARROW_tsp      := cms
ARROW_smime    := mime tsp
ARROW_pades    := pdf tsp
ARROW_serve    := pki
ARROW_remote   := tsp net store
ARROW_lookup   := pki net store
ARROW_mail     := mime net store
ARROW_ca       := smime lookup store
ARROW_certdb   := smime lookup store
ARROW_dispatch := smime lookup remote mail
ARROW_cli      := base

# Which third-party library an area may know (checked by t/lint/arrows), by
# header prefix; libcrypto is for pki and the areas above it, and for base.
KNOWS_base     := jansson openssl
KNOWS_journal  := openssl
KNOWS_addr     := idn2
KNOWS_mime     := magic
KNOWS_pdf      := zlib
KNOWS_net      := curl
KNOWS_store    := sqlite3
KNOWS_serve    := event2 openssl
KNOWS_cli      := popt
KNOWS_pki      := openssl p11-kit libsecret
KNOWS_cms      := openssl
KNOWS_tsp      := openssl
KNOWS_smime    := openssl
KNOWS_pades    := openssl
KNOWS_remote   := openssl
KNOWS_lookup   := openssl
KNOWS_ca       := openssl
KNOWS_certdb   := openssl
KNOWS_dispatch := openssl

# pkg-config name : Debian package
LIBS := libcrypto:libssl-dev libcurl:libcurl4-openssl-dev popt:libpopt-dev \
	libmagic:libmagic-dev libidn2:libidn2-dev jansson:libjansson-dev \
	sqlite3:libsqlite3-dev libevent:libevent-dev zlib:zlib1g-dev \
	p11-kit-1:libp11-kit-dev libsecret-1:libsecret-1-dev
# Modules and what each is linked with; lib/AREA/mod-NAME.c, and what does not
# fit in it in lib/AREA/mod-NAME-*.c (so NAME has no hyphen)
PKG_flate := zlib
PKG_json  := jansson
PKG_idn   := libidn2
PKG_keyring := libsecret-1
PKG_magic := libmagic
PKG_net   := libcurl
PKG_p11   := p11-kit-1
PKG_store := sqlite3

# ------------------------------------------------------------------ flags
ifeq ($(FLAVOUR),fuzz)
CC      := clang
SAN     := -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT     := -O1 -g
else ifeq ($(FLAVOUR),asan)
SAN     := -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
OPT     := -O1 -g
else
SAN     :=
OPT     := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
endif
CFLAGS  ?=
WARN    := -Wall -Wextra -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wundef \
	-Wshadow -Wvla -Wformat=2 -Wdeclaration-after-statement \
	-Werror=implicit-function-declaration -Wno-unused-parameter
ifneq ($(WERROR),)
WARN    += -Werror
endif
ALLCFLAGS = -std=c11 -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 \
	-DOPENSSL_NO_DEPRECATED -DMS_VERSION='"$(V)"' \
	-DMS_CONFDIR='"$(CONFDIR)"' -Ilib $(OPT) $(WARN) $(SAN) -fPIC \
	-fvisibility=hidden -MMD -MP $(CFLAGS)
# RPATH, not RUNPATH: it also serves dlopen() when a sanitizer stands between.
ALLLDFLAGS = $(SAN) -Wl,-z,relro -Wl,--as-needed -Wl,--gc-sections \
	-Wl,--disable-new-dtags -Wl,-rpath,'$$ORIGIN/../lib/mailseal' $(LDFLAGS)
CRYPTO  := -lcrypto
PROGLIBS := -lpopt -levent_core -levent_extra -levent_openssl -lssl \
	$(CRYPTO) -ldl

# ------------------------------------------------------------------ sources
MODSRC  := $(wildcard lib/*/mod-*.c)
LIBSRC  := $(filter-out $(MODSRC),$(wildcard $(AREAS:%=lib/%/*.c)))
CMDSRC  := $(wildcard cmd/ms-*.c)
CMDAUX  := $(filter-out $(CMDSRC),$(wildcard cmd/*.c))
UNITSRC := $(wildcard t/unit/*.c)
FUZZSRC := $(wildcard t/fuzz/*.c)
BENCHSRC := $(wildcard t/bench/*.c)
LIBOBJ  := $(LIBSRC:%.c=$(B)/%.o)
# What several programs share; an archive, so that each links what it uses.
AUXOBJ  := $(CMDAUX:%.c=$(B)/%.o)
LIBCMD  := $(if $(AUXOBJ),$(B)/libcmd.a)
PROGS   := $(CMDSRC:cmd/%.c=$(B)/bin/%)
MODMAIN := $(foreach f,$(MODSRC),$(if \
	$(findstring -,$(patsubst mod-%,%,$(notdir $(f)))),,$(f)))
MODNAMES := $(patsubst mod-%.c,%,$(notdir $(MODMAIN)))
MODS    := $(MODNAMES:%=$(B)/lib/mailseal/ms-%.so)
UNITS   := $(UNITSRC:t/unit/%.c=$(B)/bin/unit-%)
FUZZERS := $(FUZZSRC:t/fuzz/%.c=$(B)/bin/fuzz-%)
BENCHES := $(BENCHSRC:t/bench/%.c=$(B)/bin/bench-%)
MANS    := $(wildcard man/*.[1578])
COMPS   := $(CMDSRC:cmd/%.c=build/completions/bash/%) \
	$(CMDSRC:cmd/%.c=build/completions/zsh/_%) \
	$(CMDSRC:cmd/%.c=build/completions/fish/%.fish)

.PHONY: all deps demo check check-asan check-run lint unit fuzz fuzz-smoke \
	bench install uninstall clean completions needs
.DELETE_ON_ERROR:
.SECONDARY:

all: needs $(PROGS) $(MODS)

# A clear word instead of a page of compiler errors.
needs:
	@for l in $(LIBS); do \
		pkg-config --exists "$${l%%:*}" || { \
		echo "make: $${l%%:*} is missing: apt-get install $${l##*:}" \
		"(or: contrib/install-deps)" >&2; exit 1; }; done

$(B)/libmailseal.a: $(LIBOBJ)
	@rm -f $@
	$(AR) rcs $@ $(LIBOBJ)

$(B)/libcmd.a: $(AUXOBJ)
	@rm -f $@
	$(AR) rcs $@ $(AUXOBJ)

$(B)/%.o: %.c | needs
	@mkdir -p $(@D)
	$(CC) $(ALLCFLAGS) -c -o $@ $<

$(B)/bin/ms-%: $(B)/cmd/ms-%.o $(LIBCMD) $(B)/libmailseal.a
	@mkdir -p $(@D)
	$(CC) $(ALLLDFLAGS) -pie -o $@ $< $(LIBCMD) $(B)/libmailseal.a $(PROGLIBS)

# A test opens modules as the programs do.
$(B)/bin/unit-%: $(B)/t/unit/%.o $(B)/libmailseal.a | $(MODS)
	@mkdir -p $(@D)
	$(CC) $(ALLLDFLAGS) -pie -o $@ $< $(B)/libmailseal.a $(PROGLIBS)

$(B)/bin/bench-%: $(B)/t/bench/%.o $(B)/libmailseal.a | $(MODS)
	@mkdir -p $(@D)
	$(CC) $(ALLLDFLAGS) -pie -o $@ $< $(B)/libmailseal.a $(PROGLIBS)

$(B)/bin/fuzz-%: $(B)/t/fuzz/%.o $(B)/libmailseal.a
	@mkdir -p $(@D)
	$(CC) $(ALLLDFLAGS) -fsanitize=fuzzer -pie -o $@ $< \
		$(B)/libmailseal.a $(PROGLIBS)

# Headers that do not lie in the compiler's own path; they are not ours, so
# their warnings are not either.
define MODULE
$(patsubst %.c,$(B)/%.o,$(2) $(wildcard $(2:%.c=%-*.c))): \
	ALLCFLAGS += $$(patsubst -I%,-isystem %,$$(foreach p,$$(PKG_$(1)), \
		$$(shell pkg-config --cflags $$(p))))
$$(B)/lib/mailseal/ms-$(1).so: $(patsubst %.c,$(B)/%.o,$(2) \
		$(wildcard $(2:%.c=%-*.c))) $$(B)/libmailseal.a
	@mkdir -p $$(@D)
	$$(CC) $$(filter-out -pie,$$(ALLLDFLAGS)) -shared \
		-Wl,--exclude-libs,ALL -o $$@ $$^ \
		$$(foreach p,$$(PKG_$(1)),$$(shell pkg-config --libs $$(p))) \
		$$(CRYPTO)
endef
$(foreach m,$(MODMAIN),$(eval $(call MODULE,$(patsubst mod-%.c,%,$(notdir $(m))),$(m))))

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ------------------------------------------------------------------ commands
deps:
	contrib/install-deps

demo: deps
	$(MAKE) --no-print-directory all
	contrib/demo/run $(if $(DOC),'$(subst ','\'',$(DOC))')

check: deps
	$(MAKE) --no-print-directory FLAVOUR=$(FLAVOUR) check-run

check-asan: deps
	$(MAKE) --no-print-directory FLAVOUR=asan check-run

JOBS ?= $(shell nproc)
T    ?= $(wildcard t/*.bats t/lint/*.bats)
check-run: all unit completions
	FLAVOUR=$(FLAVOUR) prove -j$(JOBS) -e '' $(T) $(if $(filter file,$(origin T)),$(UNITS))

lint: all
	FLAVOUR=$(FLAVOUR) prove -j$(JOBS) -e '' t/lint/*.bats

unit: $(UNITS)

bench: all $(BENCHES)
	FLAVOUR=$(FLAVOUR) t/bench/run
	FLAVOUR=$(FLAVOUR) t/bench/tsad

fuzz:
	$(MAKE) --no-print-directory FLAVOUR=fuzz fuzz-build
.PHONY: fuzz-build
fuzz-build: needs $(FUZZERS) $(MODS)
# Seconds over all targets together.
SECONDS ?= 240
fuzz-smoke: fuzz
	t/fuzz/smoke $(SECONDS)

completions: $(COMPS)
$(COMPS): completions/generate $(MANS)
	@mkdir -p $(@D)
	completions/generate $@

# Where each kind of completion is looked for.
COMPDIR_bash := $(PREFIX)/share/bash-completion/completions
COMPDIR_zsh  := $(PREFIX)/share/zsh/site-functions
COMPDIR_fish := $(PREFIX)/share/fish/vendor_completions.d
COMP_AT = $(DESTDIR)$(COMPDIR_$(notdir $(patsubst %/,%,$(dir $(1)))))
install: all completions
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)
	install -m 755 $(PROGS) $(DESTDIR)$(BINDIR)
	install -m 644 $(MODS) $(DESTDIR)$(LIBDIR)
	set -e; for m in $(MANS); do \
		install -D -m 644 -t $(DESTDIR)$(MANDIR)/man$${m##*.} $$m; done
	set -e; $(foreach c,$(COMPS), \
		install -D -m 644 -t $(call COMP_AT,$(c)) $(c);)

# Takes away what install put there, and the one directory that is ours.
uninstall:
	cd $(DESTDIR)$(BINDIR) && rm -f $(notdir $(PROGS))
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(notdir $(MODS)))
	rmdir $(DESTDIR)$(LIBDIR)
	set -e; for m in $(notdir $(MANS)); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done
	rm -f $(foreach c,$(COMPS),$(call COMP_AT,$(c))/$(notdir $(c)))

clean:
	rm -rf build
