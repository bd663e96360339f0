# make help lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo test quick coverage check lint types contracts clients bench soak chaos screenshots mutants defenses fuzz lock clients-lock stubs clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# A lock file is whole: without --no-deps pip still asks for an extra's newest release, which has no hash in it.
$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "license-sync needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.run ## The whole program on a simulated org; ARGS="--exit --json" ends by itself
	@$(BIN)/license-sync demo $(ARGS)

test: $(VENV)/.dev ## All tests, on SQLite and PostgreSQL, with the real processes
	$(PYTEST) -n 2 --dist loadscope $(ARGS)

quick: $(VENV)/.dev ## The tests without those that start the whole program
	$(PYTEST) -n 2 --dist loadscope -m "not e2e" $(ARGS)

coverage: $(VENV)/.dev ## The tests with line and branch coverage of sync/
	$(PYTEST) -n 2 --dist loadscope --cov --cov-report=term $(ARGS)

check: lint types contracts test ## What CI runs

lint: $(VENV)/.dev ## Style, format, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@! git grep -niE 'licen[c]e' -- . ':!requirements*.lock' || { echo 'We write: license'; exit 1; }

types: $(VENV)/.dev ## mypy, strict
	$(BIN)/mypy

contracts: $(VENV)/.dev ## Which module may import which
	$(BIN)/lint-imports

clients: $(VENV)/.dev ## Programs that others wrote against the simulated org; ARGS="-k tap" picks one
	$(PYTEST) tests/clients -o python_files='check_*.py' -v $(ARGS)

bench: $(VENV)/.dev ## The measurements of the README; ARGS picks one
	$(BIN)/python -m bench $(ARGS)

soak: $(VENV)/.dev ## Random edits on the real processes, then the judge; ARGS="--fault lost_answer"
	$(BIN)/python -m tests.e2e.soak $(ARGS)

SEED ?= 1
SECONDS ?= 60
DATABASE ?= sqlite

chaos: $(VENV)/.dev ## Everything goes wrong at once, then the checker; SEED=n SECONDS=s DATABASE=sqlite|postgresql INTAKE=stream
	$(BIN)/python -m tests.chaos --seed $(SEED) --seconds $(SECONDS) --database $(DATABASE) $(if $(INTAKE),--intake $(INTAKE)) $(ARGS)

screenshots: $(VENV)/.dev ## Pictures of every page into docs/screenshots, from the running demo
	$(BIN)/python -m tests.web.screenshots $(ARGS)

mutants: $(VENV)/.dev ## Mutation testing of the rules
	$(BIN)/python -m mutmut run && $(BIN)/python -m mutmut results

defenses: $(VENV)/.dev ## Take out each defense of docs/traps.md and see its tests fail; ARGS="lease" picks some
	$(BIN)/python -m tests.defenses $(ARGS)

fuzz: $(VENV)/.dev ## Broken answers to every call; ARGS="--seconds 600 --seed 1"
	$(BIN)/python -m tests.fuzz $(ARGS)

lock: ## Pin what pyproject.toml asks for, with hashes
	$(BIN)/uv pip compile --universal --generate-hashes --custom-compile-command "make lock" --python-version 3.11 pyproject.toml --group build -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --custom-compile-command "make lock" --python-version 3.11 pyproject.toml --group build --group dev -o requirements-dev.lock

clients-lock: ## Pin the Python clients of tests/clients, with hashes
	for pins in tests/clients/pins/*.in; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make clients-lock" --python-version 3.11 $$pins -o $${pins%.in}.txt || exit 1; \
	done

stubs: $(VENV)/.dev ## The Pub/Sub API's messages, from eventbus/pubsub_api.proto
	$(BIN)/python -m grpc_tools.protoc -I eventbus --python_out=eventbus --pyi_out=eventbus pubsub_api.proto

clean: ## Remove what was installed and measured
	rm -rf $(VENV) .clients .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache mutants
