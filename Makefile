# crm_timeline: build, install and test with PGXS.
#
#   make && make install            build against the pg_config in the PATH, and install
#   make installcheck               run the tests against a running server
#   ./test/run.sh                   the whole suite, with a throwaway server; needs nothing set up
#
# Switches: PG_CONFIG=...   WERROR=1 (warnings are errors)   with_llvm=no (no bitcode for the JIT
# compiler: for where the clang and llvm that the server was built with are not installed).
# with_phone=no: not the module for national telephone numbers, which is built where libphonenumber is.

EXTENSION = crm_timeline
MODULE_big = crm_timeline

# The version has one home, the control file.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" $(EXTENSION).control)

# Rooms in floor order. A room holds its C and its SQL face: ROOM.sql, and others by name after it. The
# install script is the faces that exist, one upon the other.
ROOMS = base timeline pattern identity journey population experience sources store privacy views
SOURCES = $(foreach room,$(ROOMS),$(sort $(wildcard src/$(room)/*.c)))
OUR_HEADERS = $(wildcard src/*/*.h src/*/*/*.h)
LAST_FACE = src/base/owner.sql
FACES = $(foreach room,$(ROOMS),$(wildcard src/$(room)/$(room).sql) \
	$(filter-out src/$(room)/$(room).sql $(LAST_FACE),$(sort $(wildcard src/$(room)/*.sql)))) $(LAST_FACE)

OBJS = $(SOURCES:.c=.o)
DATA = $(wildcard $(EXTENSION)--*--*.sql)
DATA_built = $(EXTENSION)--$(EXTVERSION).sql

# The tests. A suite that is empty is left out.
REGRESS = timeline store_agg pattern identity links journey schedule scores measures sources store index statistics views literals corruption
REGRESS_OPTS = --load-extension=$(EXTENSION)

ISOLATION = store_setup store_write store_refreshers store_move store_delete store_truncate store_savepoint store_isolation \
	store_first store_segments store_merge store_ddl store_depends
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=$(EXTENSION)

PROVE_TESTS = $(sort $(wildcard test/t/*.pl))
ifneq ($(PROVE_TESTS),)
TAP_TESTS = 1
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)

# The server records gcc's switches; clang does not know all of them, and would warn of that.
ifneq ($(findstring clang,$(CC)),)
CLANG_CFLAGS = -Wno-unknown-warning-option -Wno-ignored-optimization-argument
endif

# The server's headers are system headers: our warnings are about our code.
PG_CPPFLAGS := -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-DCRM_TIMELINE_VERSION=\"$(EXTVERSION)\"
# ICU knows Unicode, and how people write: src/identity/normalise.c and src/views/display.c alone use it.
PKG_CONFIG ?= pkg-config
ICU = icu-uc icu-i18n
PG_CPPFLAGS += $(shell $(PKG_CONFIG) --cflags $(ICU) 2>/dev/null)
SHLIB_LINK += $(or $(shell $(PKG_CONFIG) --libs $(ICU) 2>/dev/null),-licui18n -licuuc)
PG_CFLAGS = -Wall -Wextra $(CLANG_CFLAGS) $(if $(WERROR),-Werror)

include $(PGXS)

# A name that two files of ours share is nobody else's business. From 16 on the server's makefiles
# hide such names (-fvisibility=hidden). On 15 the headers would not export the SQL functions then,
# so there they stay visible, but calls between our own files are bound when we link: another
# extension that happens to use the same name can not get in between, and the compiler may inline.
ifeq ($(PORTNAME)$(filter -fvisibility=hidden,$(CFLAGS_SL_MODULE)),linux)
override CFLAGS += -fno-semantic-interposition
SHLIB_LINK += -Wl,-Bsymbolic
endif

# The optional module, a library of its own: national telephone numbers by libphonenumber. Whoever has
# no libphonenumber has no module, and no make target misses it.
ifndef with_phone
with_phone := $(shell printf '\043if !__has_include(<phonenumbers/phonenumberutil.h>)\n\043error\n\043endif\n' | \
	$(CXX) $(CPPFLAGS) -E -x c++ - >/dev/null 2>&1 && echo yes || echo no)
endif
ifeq ($(with_phone),yes)
PHONE_OBJS = src/identity/phone/phone.o src/identity/phone/magic.o
PHONE_MODULE = crm_timeline_phone$(DLSUFFIX)

src/identity/phone/phone.o: src/identity/phone/phone.cpp
	$(CXX) $(CXXFLAGS) $(CFLAGS_SL) -Wall -Wextra $(if $(WERROR),-Werror) $(CPPFLAGS) -c -o $@ $<

$(PHONE_MODULE): $(PHONE_OBJS)
	$(CXX) $(CXXFLAGS) $(LDFLAGS) $(LDFLAGS_SL) -shared -o $@ $(PHONE_OBJS) -lphonenumber

all: $(PHONE_MODULE)
install: install-phone
uninstall: uninstall-phone
clean: clean-phone

.PHONY: install-phone uninstall-phone clean-phone
install-phone: $(PHONE_MODULE) installdirs
	$(INSTALL_SHLIB) $(PHONE_MODULE) '$(DESTDIR)$(pkglibdir)/$(PHONE_MODULE)'
uninstall-phone:
	rm -f '$(DESTDIR)$(pkglibdir)/$(PHONE_MODULE)'
clean-phone:
	rm -f $(PHONE_MODULE) $(PHONE_OBJS)
endif

$(OBJS) $(PHONE_OBJS): $(OUR_HEADERS) $(EXTENSION).control

$(EXTENSION)--$(EXTVERSION).sql: $(FACES) $(EXTENSION).control Makefile
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  cat /dev/null $(FACES); } > $@.tmp
	mv $@.tmp $@

# The loops that unpack columns are worth what the server does for its checksums.
src/timeline/layout.o: CFLAGS += $(CFLAGS_UNROLL_LOOPS) $(CFLAGS_VECTORIZE)

# make print-REGRESS prints that variable; the test scripts ask this way.
print-%:
	@echo $($*)
