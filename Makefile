# Pennymeter. `make run` starts a demo, `make test` runs everything; no configure step.
#
#   make            build all into build/ (functions in build/fn, commands in build/bin)
#   make run        install what is missing, build, serve a demo    PORT= DATA= SERVER=lighttpd|apache|nginx DEMO=0
#   make test       install what tests need, run every test
#   make fn         a new function of the skeleton: NAME=customers/send, or a whole resource: NAME=widgets  SCOPE= ONE=
#   make lint       floors, banned calls, lengths, warnings
#   make bench      throughput, memory and costs as ratios, beside a hello, SQLite alone and the peers; options: tests/bench/bench.mjs
#   SAN=1           the same under AddressSanitizer and UBSan, in build/san

SAN ?= 0
B = $(if $(filter 1,$(SAN)),build/san,build)

CC = gcc
WARN = -Wall -Wextra -Wno-missing-field-initializers -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
SANITIZE = $(if $(filter 1,$(SAN)),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
, = ,
CFLAGS = -std=gnu17 -O2 -g -fno-math-errno $(WARN) $(SANITIZE)
CPPFLAGS = -D_GNU_SOURCE -DPM_VERSION='"$(shell cat VERSION)"' -Ishared -I$(B)/gen
LDFLAGS = $(SANITIZE) -Wl,--as-needed
LIBS = -lsqlite3 -lcjson -lsodium -lutf8proc
FCGI_LIBS = -lfcgi

# ---- sources ----

files = $(sort $(shell find $(1) -name '$(2)'))
SQL = $(filter-out shared/store/schema/%,$(call files,shared,*.sql))
SQL_H = $(SQL:shared/%=$(B)/gen/%.h) $(B)/gen/store/statement_places.h
CORE_C = $(filter-out shared/wire/main.c,$(call files,shared,*.c))
JOB_C := $(filter-out functions/jobs/tick.c,$(call files,functions/jobs,*.c))
CORE_O = $(CORE_C:%.c=$(B)/obj/%.o) $(SQL:shared/%=$(B)/obj/gen/%.o) $(B)/obj/gen/statements.o $(B)/obj/gen/migrations.o \
	$(JOB_C:%.c=$(B)/obj/%.o) $(B)/obj/gen/jobs.o
FN_C := $(filter-out $(JOB_C),$(call files,functions,*.c))
FN_O = $(FN_C:%.c=$(B)/obj/%.o)
ALONE := $(shell grep -lF '.alone = true' $(FN_C))
fn_name = $(if $(filter $(1),$(ALONE)),$(subst /,-,$(1:functions/%.c=%)),$(firstword $(subst /, ,$(1:functions/%.c=%))))
FN := $(sort $(foreach f,$(FN_C),$(call fn_name,$(f))))
fn_sources = $(foreach f,$(FN_C),$(if $(filter $(1),$(call fn_name,$(f))),$(f)))
FN_BIN = $(FN:%=$(B)/fn/%.fcgi)
COMMAND_C = $(call files,infra/command,*.c)
ROUTES_C = $(call files,infra/routes,*.c)
UNIT_C = $(wildcard tests/unit/*.c)
UNIT_BIN = $(UNIT_C:tests/unit/%.c=$(B)/unit/%)

.PHONY: all run test lint bench clean functions unit routes fn always
.DELETE_ON_ERROR:
.SECONDARY:

all: functions $(B)/bin/pennymeter $(B)/bin/routes $(B)/www/index.html

# What is missing is installed first, by a make of its own: the build itself installs nothing.
run:
	@SERVER=$(or $(SERVER),lighttpd) infra/setup run
	@$(MAKE) --no-print-directory all
	@exec env $(foreach v,DATA PORT HOST SERVER DEMO,$(if $($(v)),$(v)='$($(v))')) infra/run

test:
	@infra/setup test
	@tests/run

fn:
	@SCOPE='$(SCOPE)' ONE='$(ONE)' infra/fn '$(NAME)'

lint: all
	@infra/lint

bench:
	@infra/setup bench
	@$(MAKE) --no-print-directory all $(B)/bench/seed
	@node tests/bench/bench.mjs

# What of the routes is checked in, for review; a test fails when it is stale.
routes: $(B)/bin/routes
	$(B)/bin/routes routes > routes.txt
	$(B)/bin/routes openapi > openapi.json
	for s in 400 401 408 413 414 431 500 501 502 503 504; do $(B)/bin/routes problem --status $$s > www/errors/api-$$s.html || exit 1; done

functions: $(FN_BIN) $(B)/fn/pennymeter-all.fcgi
	@rm -f $(filter-out $^,$(wildcard $(B)/fn/*.fcgi))

# ---- objects, the archive, what is generated ----

$(B)/obj/gen/%.o: $(B)/gen/%.c | $(SQL_H)
	@mkdir -p $(@D)
	@echo '  cc $<'; $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/obj/%.o: %.c | $(SQL_H)
	@mkdir -p $(@D)
	@echo '  cc $<'; $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libcore.a: $(CORE_O)
	@rm -f $@
	@ar rcs $@ $^

# A header of statements is written with its source, and only if it changes: the date of one that is left alone stands.
$(B)/sql/%.sql: shared/%.sql infra/generate/tables.awk
	@mkdir -p $(@D)
	@awk -f infra/generate/tables.awk $< > $@

$(B)/gen/%.sql.c: $(B)/sql/%.sql infra/generate/statements.awk shared/store/statement.h
	@mkdir -p $(@D)
	@awk -v header=$(@:.c=.h) -v source=$@ -f infra/generate/statements.awk $<

$(B)/gen/%.sql.h: $(B)/gen/%.sql.c
	+@:

$(B)/gen/statements.c: infra/generate/statement_places.awk $(SQL:shared/%=$(B)/sql/%)
	@mkdir -p $(@D)/store
	@awk -v header=$(@D)/store/statement_places.h -v table=$@ -f $< $(SQL:shared/%=$(B)/sql/%)
	@echo $(SQL) > $(B)/gen/sql.list
ifneq ($(SQL),$(file <$(B)/gen/sql.list))
$(B)/gen/statements.c: always
endif

$(B)/gen/store/statement_places.h: $(B)/gen/statements.c
	+@:

$(B)/gen/migrations.c: infra/generate/migrations.awk $(wildcard shared/store/schema/*.sql)
	@mkdir -p $(@D)
	@awk -f $< $(filter %.sql,$^) > $@

# Jobs are in the archive, so that only programs that run them take them in.
$(B)/gen/jobs.c: infra/generate/jobs.sh $(JOB_C)
	@mkdir -p $(@D)
	@sh infra/generate/jobs.sh $(JOB_C) > $@

# ---- functions: each program is the declarations of a folder, or of one function that is alone, their table, and the shared main ----

define table_rule
$(B)/gen/fn-$(1).c: infra/generate/table.sh $(2)
	@mkdir -p $(B)/gen
	@sh infra/generate/table.sh $(2) > $$@
	@echo $(2) > $(B)/gen/fn-$(1).list
ifneq ($(strip $(2)),$(strip $(file <$(B)/gen/fn-$(1).list)))
$(B)/gen/fn-$(1).c: always
endif
endef

define fn_rule
$(call table_rule,$(1),$(2))
$(B)/fn/$(1).fcgi: $(patsubst %.c,$(B)/obj/%.o,$(2)) $(B)/obj/gen/fn-$(1).o $(B)/obj/shared/wire/main.o $(B)/libcore.a
	@mkdir -p $(B)/fn
	@echo '  link $$@'; $(CC) $(LDFLAGS) $$^ $(LIBS) $(FCGI_LIBS) -o $$@
endef
$(foreach f,$(FN),$(eval $(call fn_rule,$(f),$(call fn_sources,$(f)))))

$(eval $(call table_rule,all,$(FN_C)))

$(B)/fn/pennymeter-all.fcgi: $(FN_O) $(B)/obj/gen/fn-all.o $(B)/obj/shared/wire/main.o $(B)/libcore.a
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) $(FCGI_LIBS) -o $@

# ---- the operator's command and the route generator ----

$(B)/bin/pennymeter: $(COMMAND_C:%.c=$(B)/obj/%.o) $(B)/obj/infra/routes/address.o $(FN_O) $(B)/obj/gen/fn-all.o $(B)/libcore.a
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@

# A declaration that forgets something ends the build.
$(B)/bin/routes: $(ROUTES_C:%.c=$(B)/obj/%.o) $(FN_O) $(B)/obj/gen/fn-all.o $(B)/libcore.a
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@
	@$@ check

# ---- pages: made anew when a source, or what npm has installed, changed ----

$(B)/www/index.html: infra/www infra/generate/page.awk infra/generate/bundle.mjs $(wildcard node_modules/.package-lock.json) $(shell find www)
	@echo '  pages $(@D)'; infra/www $(@D)

# ---- unit tests ----

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -lcmocka -lpq -o $@

$(B)/bench/seed: $(B)/obj/tests/bench/seed.o $(B)/libcore.a
	@mkdir -p $(@D)
	@echo '  link $@'; $(CC) $(LDFLAGS) $^ $(LIBS) -o $@

unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do echo "== $$t"; $$t; done

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
