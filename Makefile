# helixfold: `make demo` and `make test` are the two commands to start with.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help dependencies mpi build demo test test-times evidence portable install uninstall format lint

HELIXFOLD := .build/release/helixfold
DEMO := data/demo/4cup_A
# Runs over several processes need an MPI library; it is used where it is installed (tools/install-dependencies.sh --mpi).
MPI := eval "$$(tools/mpi-flags.sh)";
# Tests see internals, which changes the code that is generated: they have a build of their own.
TEST_FLAGS := -c release -Xswiftc -enable-testing --scratch-path .build/testing
# Files of tests that are killed go away too.
TEST_PLACE := export TMPDIR="$$(mktemp -d)"; trap 'rm -rf "$$TMPDIR"' EXIT;
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks
# What is installed has the Swift runtime inside, so that it runs without the toolchain: it has a build of its own.
PORTABLE := .build/portable/release/helixfold
PORTABLE_FLAGS := -c release --product helixfold --scratch-path .build/portable
ifeq ($(shell uname),Linux)
PORTABLE_FLAGS += --static-swift-stdlib
endif
PREFIX ?= /usr/local
BIN = $(DESTDIR)$(PREFIX)/bin
DATA = $(DESTDIR)$(PREFIX)/share
SHARE = $(DATA)/helixfold
# Where shells look for the completions of commands.
COMPLETIONS := bash-completion/completions/helixfold zsh/site-functions/_helixfold fish/vendor_completions.d/helixfold.fish

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{ printf "  make %-13s %s\n", $$1, $$2 }'

dependencies: ## install what is missing (apt, as root or with sudo)
	@tools/install-dependencies.sh

mpi: ## install MPICH, so that the next build can run over several processes
	@tools/install-dependencies.sh --mpi

build: dependencies ## release build of everything
	$(MPI) swift build -c release

demo: dependencies ## predict a real protein and list what was written
	$(MPI) swift build -c release --product helixfold
	$(HELIXFOLD) predict $(DEMO).fasta --msa $(DEMO).a3m -o demo-output
	@echo "written:" && find demo-output -type f | sort | sed 's/^/  /'

test: dependencies ## all tests, release build; HELIXFOLD_TEST_DATA=DIR adds the cases found there
	@if [ -n "$${HELIXFOLD_TEST_DATA:-}" ]; then \
	  echo "HELIXFOLD_TEST_DATA=$$HELIXFOLD_TEST_DATA: its cases are tested too"; \
	else \
	  echo "HELIXFOLD_TEST_DATA is not set: cases that need external data are skipped"; \
	fi
	@$(TEST_PLACE) $(MPI) swift test $(TEST_FLAGS)

test-times: dependencies ## one test after the other, and the slowest thirty with their seconds
	@rm -f .build/test-times*
	@$(TEST_PLACE) $(MPI) swift test $(TEST_FLAGS) --no-parallel --xunit-output .build/test-times.xml > .build/test-times.log \
	  || { tail -n 50 .build/test-times.log >&2; exit 1; }
	@sed -n 's/.*<testcase classname="\([^"]*\)" name="\([^"]*\)" time="\([^"]*\)".*/\3\t\1\t\2/p' \
	  .build/test-times*.xml | LC_ALL=C sort -rg | awk 'NR <= 30'

evidence: build ## run the long checks (all, or PART="20 70"), write docs/evidence.md
	tools/evidence.sh $(PART)

portable: $(PORTABLE) ## build the command that install installs, with the Swift runtime inside

# Built only when a source is newer, so that `sudo make install` after `make portable` needs no compiler.
$(PORTABLE): Package.swift $(shell find Sources -type f)
	@tools/install-dependencies.sh
	$(MPI) swift build $(PORTABLE_FLAGS)
	@touch $@

install: $(PORTABLE) ## install under PREFIX (/usr/local); DESTDIR comes in front of it
	install -d "$(BIN)" "$(SHARE)/weights" "$(SHARE)/data" "$(SHARE)/tools"
	install -s -m 755 $(PORTABLE) "$(BIN)/helixfold"
	install -m 644 weights/default.h5 weights/README.md "$(SHARE)/weights"
	install -m 644 data/databases.json "$(SHARE)/data"
	install -m 755 tools/download-parameters.sh "$(SHARE)/tools"
	for file in $(COMPLETIONS); do \
	  install -d "$(DATA)/$${file%/*}"; \
	  $(PORTABLE) --generate-completion-script "$${file%%[-/]*}" > "$(DATA)/$$file"; \
	  chmod 644 "$(DATA)/$$file"; \
	done

uninstall: ## remove what install installed, under the same PREFIX and DESTDIR
	rm -f "$(BIN)/helixfold"
	rm -rf "$(SHARE)"
	rm -f $(foreach file,$(COMPLETIONS),"$(DATA)/$(file)")

format: ## format all Swift sources in place
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

lint: ## formatting and documentation rules
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
