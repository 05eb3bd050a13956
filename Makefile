# Two commands: `make demo` runs the main job, `make test` passes the tests. Each does its own set-up.

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
BIN    := $(VENV)/bin

comma  := ,

.PHONY: demo install test test-long gate allure experiments soak lint benchmarks up down docker-engine clean
.DEFAULT_GOAL := help

help:
	@echo "make demo           bring the stack up, break a service under load, judge, write the report: a minute"
	@echo "make test           run every test that this machine can run (ARGS=... goes to pytest)"
	@echo "make test-long      the tests that take too long for every change"
	@echo "make gate           run the experiments tagged gate as tests, on the best target (ARGS=--all: every one)"
	@echo "make allure         the same, and Allure's own report of it (npm)"
	@echo "make install        make just the environment, in $(VENV)"
	@echo "make up, make down  keep the stack up between runs, take it down"
	@echo "make docker-engine  install and start a Docker engine from the distribution's packages (root)"
	@echo "make experiments    run every experiment ROUNDS times on Docker (ROUNDS=10), and say what each came to"
	@echo "make soak           kill ROUNDS random runs at random moments on Docker, and compare what is left with before"
	@echo "make lint           ruff and mypy"
	@echo "make benchmarks     every comparison side by side, kept in benchmarks/RESULTS.md (ARGS=NAME for one)"

demo: $(VENV)/.installed
	@$(BIN)/chaos --no-version-check --no-log-file demo --fast

install: $(VENV)/.installed

test: $(VENV)/.tested
	$(BIN)/pytest $(ARGS)

# The gate names its target: what `chaos stack target` finds is handed on, and nothing falls back after that.
gate: $(VENV)/.tested
	@target=$${STEHAUF_TARGET:-$$($(BIN)/chaos --no-version-check --no-log-file stack target)} && \
	 $(BIN)/pytest experiments --target "$$target" $(if $(filter --all,$(ARGS)),,-m gate) $(filter-out --all,$(ARGS))

# Allure's own generator, by npm: kept beside the environment, not in it.
ALLURE := $(VENV)/allure/node_modules/.bin/allure

allure: $(VENV)/.tested $(ALLURE)
	@$(MAKE) --no-print-directory gate ARGS="--alluredir allure-results --clean-alluredir $(ARGS)"; code=$$?; \
	 [ -d allure-results ] && $(ALLURE) generate allure-results --output allure-report && \
	 echo "Allure: allure-report/index.html"; exit $$code

$(ALLURE):
	@command -v npm >/dev/null || { echo "make: tried npm, which is not there: install Node.js (on Debian and Ubuntu: apt-get install npm); Allure's generator is an npm package" >&2; exit 1; }
	@npm install --silent --no-audit --no-fund --prefix $(VENV)/allure allure@3 || { echo "make: npm could not install allure: it needs a registry that answers" >&2; exit 1; }

test-long: $(VENV)/.tested
	$(BIN)/pytest --long $(ARGS)

# Too long for every change, and no part of `make test`: each experiment ROUNDS times, and runs killed at random.
ROUNDS ?= 10
experiments soak: $(VENV)/.tested
	$(BIN)/python tests/soak/$@.py --rounds $(ROUNDS) $(ARGS)

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

benchmarks: $(VENV)/.tested
	@$(BIN)/python -m benchmarks $(ARGS)

up down: $(VENV)/.installed
	@$(BIN)/chaos stack $@

docker-engine:
	@stack/engine/install

clean:
	rm -rf $(VENV) build *.egg-info

# The folder is removed where its making fails, so that the next try begins anew.
$(VENV)/bin/pip:
	@command -v $(PYTHON) >/dev/null || { echo "make: tried '$(PYTHON)', which is not there: install Python 3.11 or newer (on Debian and Ubuntu: apt-get install python3 python3-venv), or say PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is $$($(PYTHON) -V), Stehauf needs 3.11 or newer: say which with PYTHON=..." >&2; exit 1; }
	@echo "make: making the environment $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV) >$(VENV).log 2>&1 && rm -f $(VENV).log || { tail -n 3 $(VENV).log >&2; rm -rf $(VENV) $(VENV).log; echo "make: '$(PYTHON) -m venv' failed: install the venv module (on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }

# uv does in 10 s what takes pip 50 (159 MB, bytecode included). It does not read pip's configuration, so where an
# index is known to pip alone, pip does it.
define install
	@{ $(BIN)/pip install --quiet --disable-pip-version-check uv && \
	   $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -e $(1); } >$(VENV)/install.log 2>&1 || \
	 $(BIN)/pip install --quiet --disable-pip-version-check -e $(1) || \
	 { echo "make: neither uv ($(VENV)/install.log) nor pip (above) could install Stehauf: it needs a package index that answers" >&2; exit 1; }
	@touch $@
endef

$(VENV)/.installed: $(VENV)/bin/pip pyproject.toml stack/requirements.txt
	@echo "make: installing Stehauf and what it needs"
	$(call install,'.[stack]')

$(VENV)/.tested: $(VENV)/.installed tests/requirements.txt
	@echo "make: installing what the tests need"
	$(call install,'.[stack$(comma)test]')
