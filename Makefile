# A thin front to meson and ninja. `make demo` and `make test` do all the set-up themselves.
#   CC=clang               another compiler        BUILD=folder    another build folder
#   SANITIZE=address,undefined                     WERROR=1        warnings are errors

comma := ,
BUILD ?= build$(if $(CC_IS_SET),-$(notdir $(CC)))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
CC_IS_SET := $(filter-out default undefined,$(origin CC))
MESON_FLAGS := $(if $(SANITIZE),-Db_sanitize=$(SANITIZE) -Db_lundef=false) $(if $(WERROR),-Dwerror=true)

.DELETE_ON_ERROR:
.PHONY: all setup build demo test looks bench parity clean help

all: build

help:
	@sed -n 's/^#   //p' Makefile; echo 'targets: demo test looks bench parity fuzz torture clean'

setup:
	@tools/setup/setup.sh

$(BUILD)/build.ninja: | setup
	meson setup $(BUILD) $(MESON_FLAGS) >$(BUILD).setup.log 2>&1 || { cat $(BUILD).setup.log; exit 1; }

build: setup $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

test: build
	@tools/run-tests $(BUILD)

demo: build
	@tools/demo $(BUILD)

looks: build
	@tools/looks.sh $(BUILD)

bench: build
	@tools/bench.sh $(BUILD)

# Against FaceFusion's recorded values and whole runs: docs/PARITY.md. PARITY='--case NAME --verbose'
parity: build
	@$(BUILD)/tools/parity $(PARITY)

clean:
	rm -rf build build-* *.setup.log
