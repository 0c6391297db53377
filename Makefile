# reflashd: one Makefile, objects out of tree, nothing recursive.
#
#   make            build build/reflashd          make demo     recover a simulated 7970
#   make test       run every test                make bench    side by side with the others
#   make install    DESTDIR and PREFIX honoured   make fuzz     T=seconds for each target, ENGINE=afl
#   make deb        a Debian package              make static   one file for any Linux (fetches sources)
#   make soak       N=10000 recoveries, twice: memory and descriptors flat, not one phone lost
#   make help       this text.  V=1 shows commands, SAN=1 builds with ASan and UBSan, CC=clang works.
#   Also: deps (installs what a build needs), docs, units, tools, checkers, coverage, mutate, format, uninstall, clean.

VERSION := 0.1.0
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/sbin
CONFDIR ?= /etc
DATADIR ?= $(PREFIX)/share
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
ZSHDIR  ?= $(DATADIR)/zsh/site-functions
CC      ?= cc
CFLAGS  ?= -O2 -g
SAN     ?=
B       ?= build$(if $(SAN),/asan)$(if $(findstring clang,$(CC)),/clang)

comma     := ,
PKGS      := libuv inih jansson libmnl zlib
LIB_PKGS  := libxml-2.0 libcrypto libarchive libmicrohttpd # loaded by who needs them: reflashd/lib.h
TEST_PKGS := cmocka
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wcast-qual -Wundef -Wformat=2 -Wswitch-enum -Werror
HARDEN := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
SANFLAGS := $(if $(SAN),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' $(1) $(patsubst $(B)/%,%,$(2));
endif

# Goals that work before the libraries are there: they are the ones that fetch them.
needs_libs := $(filter-out deps demo test checkers coverage mutate help clean uninstall,$(or $(MAKECMDGOALS),all))
ifneq ($(needs_libs),)
missing := $(foreach p,$(PKGS) $(LIB_PKGS),$(if $(shell pkg-config --exists $(p) 2>/dev/null && echo y),,$(p)))
ifneq ($(strip $(missing)),)
$(error Missing libraries: $(missing). 'make deps' installs them, or see the list in README.md)
endif
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) $(LIB_PKGS))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS)) -ldl
LIB_LIBS   := $(shell pkg-config --libs $(LIB_PKGS))
TEST_LIBS  := $(shell pkg-config --libs $(TEST_PKGS) 2>/dev/null)
endif

# On a machine of 32 bits, too: a year after 2038, a file of more than 2 GB, an inode of 64 bits.
LARGE := -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE $(LARGE) -DREFLASHD_VERSION='"$(VERSION)"' $(WARN) $(HARDEN) $(SANFLAGS) \
              -Iinclude -Itests/support -I$(B)/gen $(PKG_CFLAGS) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = $(SANFLAGS) -pie -Wl,-z,relro,-z,now $(LDFLAGS)

core_src := $(filter-out src/daemon/% src/cli/% src/man/%,$(wildcard src/*/*.c))
core_obj := $(core_src:%.c=$(B)/%.o) $(B)/gen/models_ini.o $(B)/gen/keys_ini.o
prog_obj := $(patsubst %.c,$(B)/%.o,$(wildcard src/daemon/*.c src/cli/*.c)) \
            $(patsubst src/daemon/page/%,$(B)/gen/page_%.o,$(wildcard src/daemon/page/*))
# *_rig.c asserts with cmocka and goes into unit tests only.
supp_src := $(filter-out %_rig.c,$(wildcard tests/support/*.c))
supp_obj := $(supp_src:%.c=$(B)/%.o)
rig_obj  := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*_rig.c))
units    := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
tools    := $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c))
benches  := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
fuzzers  := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

all: $(B)/reflashd
units: $(units)
tools: $(tools)

$(B)/reflashd: $(prog_obj) $(B)/libreflashd.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(B)/libreflashd.a: $(core_obj)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^
$(B)/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -c -o $@ $<
# What the linker finds for the libraries that are loaded later; gen/libs is also what a package depends on.
$(B)/gen/libs:
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && echo 'int main(void) { return 0; }' | \
	$(CC) -x c - -x none -o $@ -Wl,--no-as-needed $(LIB_LIBS)
$(B)/gen/sonames.h: $(B)/gen/libs
	$(Q)readelf -d $< | sed -nE 's/.*NEEDED.*\[lib(xml2|crypto|archive|microhttpd)(\..*)\]/{"\1", "lib\1\2"},/p' | \
	tr '\n' ' ' | sed 's/^/#define LIB_FILES /; s/ *$$/\n/' > $@.new && grep -qE '("lib.*){4}' $@.new && mv $@.new $@ || \
	{ echo "No shared libraries of $(LIB_PKGS) were found: readelf -d $<" >&2; exit 1; }
$(B)/src/base/lib.o: $(B)/gen/sonames.h
$(B)/gen/%.o: $(B)/gen/%.c
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
# firmware/NAME.ini is compiled in as NAME_ini[] and NAME_ini_len.
$(B)/gen/%_ini.c: firmware/%.ini
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && { echo '#include <stddef.h>'; \
	echo 'extern const unsigned char $*_ini[]; extern const size_t $*_ini_len;'; \
	echo 'const unsigned char $*_ini[] = {'; od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g'; \
	echo '}; const size_t $*_ini_len = sizeof($*_ini);'; } > $@

# src/daemon/page/page.css is compiled in as page_page_css[] and page_page_css_len.
$(B)/gen/page_%.c: src/daemon/page/%
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && name=page_$(subst .,_,$*) && { echo '#include <stddef.h>'; \
	echo "extern const unsigned char $$name[]; extern const size_t $${name}_len;"; \
	echo "const unsigned char $$name[] = {"; od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g'; \
	echo "}; const size_t $${name}_len = sizeof($$name);"; } > $@

$(B)/unit/%: $(B)/tests/unit/%.o $(rig_obj) $(supp_obj) $(B)/libreflashd.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(TEST_LIBS) $(LIB_LIBS) $(PKG_LIBS)
$(B)/tools/%: $(B)/tests/tools/%.o $(supp_obj) $(B)/libreflashd.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIB_LIBS) $(PKG_LIBS)
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/libreflashd.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lm
.SECONDARY:

# Fuzzing: each target gets T seconds from its seeds. ENGINE=afl: by AFL++ instead of libFuzzer.
# ENGINE=coverage: no fuzzing; which lines of the core the seeds in the tree reach.
T ?= 60
ENGINE ?= libfuzzer
F := $(B)/fuzz$(if $(filter-out libfuzzer,$(ENGINE)),-$(ENGINE))
FUZZ_CC ?= $(if $(filter afl,$(ENGINE)),AFL_QUIET=1 afl-clang-fast,clang)
fuzz_with := $(if $(filter coverage,$(ENGINE)),-fprofile-instr-generate -fcoverage-mapping,-fsanitize=address$(comma)undefined)
FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE -DREFLASHD_VERSION='"$(VERSION)"' -g -O1 -Iinclude -Itests/support \
              -I$(B)/gen $(PKG_CFLAGS) -fsanitize=fuzzer-no-link $(fuzz_with) -fno-sanitize-recover=all -MMD -MP
fuzz_obj := $(patsubst %.c,$(F)/obj/%.o,$(core_src) $(supp_src)) $(F)/obj/gen/models_ini.o $(F)/obj/gen/keys_ini.o
$(F)/obj/gen/%.o: $(B)/gen/%.c
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) $(FUZZ_CFLAGS) -c -o $@ $<
$(F)/obj/src/base/lib.o: $(B)/gen/sonames.h
$(F)/obj/%.o: %.c
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) $(FUZZ_CFLAGS) -c -o $@ $<
$(F)/fuzz_%: $(F)/obj/tests/fuzz/fuzz_%.o $(fuzz_obj)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(FUZZ_CC) -fsanitize=fuzzer $(fuzz_with) -o $@ $^ $(LIB_LIBS) $(PKG_LIBS)
fuzz: $(fuzzers:%=$(F)/%)
	$(Q)V=$(V) tests/fuzz/run.sh $(ENGINE) $(F) $(T) $(fuzzers)

deps: ; $(Q)tests/deps.sh build
demo: ; $(Q)tests/demo.sh
test: ; $(Q)tests/run.sh
# make checkers [C="cppcheck tidy …"] (CI runs all of them, make test the two quick ones),
# make coverage [V=1], make mutate FILE=src/dhcp/lease.c [N=100]
checkers: ; $(Q)tests/checkers/run.sh $(C)
coverage: ; $(Q)V=$(V) tests/checkers/coverage.sh
mutate: ; $(Q)python3 tests/checkers/mutate.py $(if $(N),-n $(N)) $(FILE)
bench:
	$(Q)$(MAKE) --no-print-directory all tools $(benches)
	$(Q)BIN=$(B)/reflashd tests/bench/run.sh
soak:
	$(Q)$(MAKE) --no-print-directory all tools
	$(Q)BIN=$(B)/reflashd TOOLS=$(B)/tools N=$(or $(N),10000) tests/soak/run.sh
format: ; $(Q)clang-format -i $$(git ls-files '*.c' '*.h')

# The manual and the completions are made from the tables of the program (src/man/tables.c).
tables_obj := $(B)/src/man/tables.o $(filter-out %/main.o,$(prog_obj))
docs_made  := $(B)/docs/reflashd.8 $(B)/docs/reflashd.conf.5 $(B)/docs/completion.bash $(B)/docs/completion.zsh
docs: $(docs_made)
$(B)/tables: $(tables_obj) $(B)/libreflashd.a
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(B)/docs/%: src/man/%.in $(B)/tables
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $(B)/tables $< > $@.new && mv $@.new $@
$(B)/docs/%: conf/%.in $(B)/tables
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $(B)/tables $< > $@.new && mv $@.new $@

# What is installed, FROM:MODE:TO. Of the configuration only an unchanged one is replaced or removed.
installed = $(B)/reflashd:755:$(BINDIR)/reflashd \
            firmware/models.ini:644:$(DATADIR)/reflashd/models.ini firmware/keys.ini:644:$(DATADIR)/reflashd/keys.ini \
            $(B)/docs/reflashd.8:644:$(DATADIR)/man/man8/reflashd.8 \
            $(B)/docs/reflashd.conf.5:644:$(DATADIR)/man/man5/reflashd.conf.5 \
            $(B)/docs/completion.bash:644:$(DATADIR)/bash-completion/completions/reflashd \
            $(B)/docs/completion.zsh:644:$(ZSHDIR)/_reflashd \
            $(B)/docs/reflashd.service:644:$(UNITDIR)/reflashd.service \
            $(B)/docs/reflashd@.service:644:$(UNITDIR)/reflashd@.service \
            conf/reflashd.sysusers:644:$(SYSUSERSDIR)/reflashd.conf
conf_file = $(DESTDIR)$(CONFDIR)/reflashd.conf
install: all docs
	$(Q)sed 's#/usr/sbin/reflashd#$(BINDIR)/reflashd#; s#/etc/reflashd.conf#$(CONFDIR)/reflashd.conf#' \
	conf/reflashd.service > $(B)/docs/reflashd.service
	$(Q)sed -f conf/instance.sed $(B)/docs/reflashd.service > $(B)/docs/reflashd@.service
	$(Q)set -e; for f in $(installed); do from=$${f%%:*}; to=$${f##*:}; mode=$${f#*:}; mode=$${mode%%:*}; \
	install -D -m $$mode $$from $(DESTDIR)$$to; echo "  $(DESTDIR)$$to"; done
	$(Q)if [ -e $(conf_file) ] && ! cmp -s conf/reflashd.conf $(conf_file); then \
	echo "  $(conf_file) is there and stays as it is"; \
	else install -D -m 644 conf/reflashd.conf $(conf_file) && echo "  $(conf_file)"; fi
	$(Q)[ -n "$(DESTDIR)" ] || echo "As a service: systemd-sysusers, write $(conf_file), systemctl enable --now reflashd"
uninstall:
	$(Q)for f in $(installed); do rm -f $(DESTDIR)$${f##*:}; done
	$(Q)rmdir $(DESTDIR)$(DATADIR)/reflashd 2>/dev/null || :
	$(Q)if [ -e $(conf_file) ] && ! cmp -s conf/reflashd.conf $(conf_file); then \
	echo "  $(conf_file) was edited and stays; so does /var/lib/reflashd"; else rm -f $(conf_file); fi
deb: ; $(Q)conf/debian/build.sh $(VERSION) $(B)
static: ; $(Q)conf/static.sh $(B)
clean: ; rm -rf build
help: ; @sed -n '3,10s/^# \{0,1\}//p' Makefile

.PHONY: all docs deb static units tools deps demo test checkers coverage mutate bench soak fuzz format install uninstall clean help
-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)
