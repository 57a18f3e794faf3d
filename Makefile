# The two commands to know are `make demo` and `make test`; both start on a machine that has only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
EXAMPLES ?= 200
SECONDS ?= 300
ifndef SEED # of `make fuzz`: another one each time
SEED := $(shell od -An -N3 -tu4 /dev/urandom | tr -d ' ')
endif

.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE # tests start some hundred processes: each would compile all our modules again
.PHONY: help demo serve test fuzz storm look check bench lock clean

help: ## what can be made here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else f"Python 3.11 to 3.13 is needed, {sys.executable} is {v.major}.{v.minor}; say which to use: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## a demo firm, its partners, a day of files; prints what happened
	$(BIN)/gateway demo

serve: $(STAMP) ## the API, workers and scheduler on this machine, until Ctrl-C
	$(BIN)/gateway serve

test: $(STAMP) ## the whole test suite, in parallel
	$(BIN)/python -m pytest -q -n 3 --dist worksteal tests

fuzz: $(STAMP) ## the API against its OpenAPI document, far longer than the suite does; EXAMPLES= an operation, SEED= again
	@echo "SEED=$(SEED)"
	FUZZ_EXAMPLES=$(EXAMPLES) FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -q tests/journeys/test_conformance.py

storm: $(STAMP) ## files, staff, erasures and dying workers at the same people, held against an account; SECONDS=, SEED=
	@echo "SEED=$(SEED)"
	EVERYTHING_SECONDS=$(SECONDS) EVERYTHING_SEED=$(SEED) $(BIN)/python -m pytest -q -n 0 --log-cli-level=WARNING tests/journeys/test_everything_at_once.py

look: $(STAMP) ## four pictures of each page of the console into build/look, and those of this README into docs
	$(BIN)/python -m pytest -q -n 0 tests/look.py

check: $(STAMP) ## lint, types, the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(STAMP) ## the budgets, each against its floor in the same run; writes bench/results.json and bench/README.md
	$(BIN)/python bench/run.py

lock: $(STAMP) ## pin every dependency again, with hashes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --extra dev --extra otel pyproject.toml -o requirements.lock

clean: ## remove the environment and the embedded database's data
	rm -rf .venv data
