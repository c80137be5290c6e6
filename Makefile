# demo and test work on a fresh machine with git and Python >= 3.11 alone.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Half of a test is waiting for a process or a terminal.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(-(-3 * (os.cpu_count() or 2) // 2))')
.PHONY: help demo demo-record screens test test-online check format bench soak fuzz clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "coder needs Python 3.11 or newer; set PYTHON=python3.12, for example")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed ## watch coder fix a failing test, offline and without a key
	@$(BIN)/coder demo --plain

demo-record: $(VENV)/.dev ## record the demo's cassette anew, after a change of prompts or tools
	$(BIN)/python -m tests.support.record_demo

screens: $(VENV)/.dev ## capture every screen in docs/screens.md anew
	$(BIN)/python -m tests.support.capture

test: $(VENV)/.dev ## the whole test suite but the long sweeps
	@$(BIN)/python -m compileall -q -j 0 coder tests/support # thousands of processes start from it
	@-$(BIN)/python -m tests.support.rewritten # each worker would do it for itself
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-online: $(VENV)/.dev ## tests that need a package index
	$(BIN)/python -m pytest -m online

check: $(VENV)/.dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## speed and memory, as medians beside a baseline
	$(BIN)/python -m bench

soak: $(VENV)/.dev ## long sweeps of the property tests
	$(BIN)/python -m pytest -m soak --timeout 3600 -n auto --hypothesis-profile searching

fuzz: $(VENV)/.dev ## long fuzzing of parsers and loaders
	CODER_FUZZ=long $(BIN)/python -m pytest tests/fuzz -m 'not online' --timeout 3600 -n auto --hypothesis-profile searching

clean: ## remove what was built
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
