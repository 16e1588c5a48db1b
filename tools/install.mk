# make install [DESTDIR=...] [PREFIX=/usr/local] [LIBDIR=...]: the library in both forms, its headers,
# pkg-config's file, the manual, completion for bash and zsh, and the programs there are.
LIBDIR      ?= $(PREFIX)/lib
INCLUDEDIR  ?= $(PREFIX)/include
MANDIR      ?= $(PREFIX)/share/man
BASH_FOLDER := $(PREFIX)/share/bash-completion/completions
ZSH_FOLDER  := $(PREFIX)/share/zsh/site-functions
SO_NAME     := libleat.so.$(ABI)
SO_FILE     := libleat.so.$(VERSION)
INSTALL     ?= install

# What the library itself stands on. A program that links libleat.so needs none of it, and so no
# development package of it either: these are Libs.private, for --static.
define PC
prefix=$(PREFIX)
libdir=$(LIBDIR)
includedir=$(INCLUDEDIR)

Name: leat
Description: Low-latency continuous stream processing, as a library
Version: $(VERSION)
Cflags: -I$${includedir}
Libs: -L$${libdir} -lleat
Libs.private: $(LIBS) -pthread
endef
export PC

.PHONY: install uninstall
install: $(BUILD)/libleat.so $(BUILD)/libleat.a $(TOOLS) ## library, headers, manual, programs; DESTDIR=, PREFIX=, LIBDIR=
	$(Q)$(INSTALL) -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	$(Q)$(INSTALL) -m 755 $(BUILD)/libleat.so $(DESTDIR)$(LIBDIR)/$(SO_FILE)
	$(Q)ln -sf $(SO_FILE) $(DESTDIR)$(LIBDIR)/$(SO_NAME)
	$(Q)ln -sf $(SO_NAME) $(DESTDIR)$(LIBDIR)/libleat.so
	$(Q)$(INSTALL) -m 644 $(BUILD)/libleat.a $(DESTDIR)$(LIBDIR)/libleat.a
	$(Q)$(INSTALL) -m 644 core/leat.h core/leat_processor.h core/leat_admin.h $(DESTDIR)$(INCLUDEDIR)
	$(Q)printf '%s\n' "$$PC" > $(DESTDIR)$(LIBDIR)/pkgconfig/leat.pc
	$(Q)for page in $(wildcard tools/man/*.[1-9]); do \
	    folder=$(DESTDIR)$(MANDIR)/man$${page##*.}; \
	    $(INSTALL) -d $$folder && $(INSTALL) -m 644 $$page $$folder || exit 1; \
	done
	$(Q)for program in $(TOOLS); do \
	    $(INSTALL) -d $(DESTDIR)$(PREFIX)/bin && \
	    $(INSTALL) -m 755 $$program $(DESTDIR)$(PREFIX)/bin || exit 1; \
	done
	$(Q)$(INSTALL) -d $(DESTDIR)$(BASH_FOLDER) $(DESTDIR)$(ZSH_FOLDER)
	$(Q)$(INSTALL) -m 644 tools/completion/leat.bash $(DESTDIR)$(BASH_FOLDER)/leat
	$(Q)ln -sf leat $(DESTDIR)$(BASH_FOLDER)/leat-relay
	$(Q)$(INSTALL) -m 644 tools/completion/_leat $(DESTDIR)$(ZSH_FOLDER)/_leat
	$(Q)$(if $(DESTDIR),,ldconfig || echo "run ldconfig as root before programs that use libleat.so")

uninstall: ## remove what install put there
	$(Q)rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(SO_FILE) $(SO_NAME) libleat.so libleat.a pkgconfig/leat.pc)
	$(Q)rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/,leat.h leat_processor.h leat_admin.h)
	$(Q)rm -f $(foreach page,$(wildcard tools/man/*.[1-9]),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))
	$(Q)rm -f $(addprefix $(DESTDIR)$(BASH_FOLDER)/,leat leat-relay) $(DESTDIR)$(ZSH_FOLDER)/_leat
	$(Q)rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(TOOLS)))
