PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup lint test explore fuzz chaos bench demo gallery lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  \033[1m%-7s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv from the locks, with the countersign command in it
	@:

# The locks hold the build backend too, so nothing is fetched that has no hash.
$(STAMP): pyproject.toml requirements/dev.txt requirements/run.txt requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Countersign needs Python 3.11 or later, and $(PYTHON) is %d.%d: make setup PYTHON=python3.11" % sys.version_info[:2])'
	@echo "Setting up $(VENV): half a minute, or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --no-index -e .
	@touch $@

lint: setup ## Check style, types and the arrows between rooms
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

# Many tests start processes of their own: nothing is compiled twice, whatever the environment says.
# Half of their time they wait, for deadlines and for each other: four share two cores.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 4 --dist worksteal

# A test that hangs for minutes says where, and fails: the others go on.
test: setup ## Run the tests
	@$(PYTEST) -o faulthandler_exit_on_timeout=true

explore: setup ## Run the tests with new random examples, ten times as many
	@HYPOTHESIS_PROFILE=explore $(PYTEST)

fuzz: setup ## Send nearly right requests to every door for minutes, from a new seed
	@FUZZ_ROUNDS=$${FUZZ_ROUNDS:-200} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} $(PYTEST) tests/gateway/test_fuzz.py

chaos: setup ## Break everything, and see that no promise breaks: SEED=n REQUESTS=n
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(REQUESTS),--requests $(REQUESTS))

bench: setup ## Measure
	@$(BIN)/python -m tests.bench

demo: setup ## See an approval from end to end, on this machine
	@$(BIN)/countersign demo

gallery: setup ## Draw what approvers are shown, as pictures, for a phone and for a desktop
	@$(BIN)/python -m tests.gallery

# LOCK_FLAGS=--upgrade takes the newest; without it, what still fits stays.
# The dev lock comes first and the others follow it: what is tested is what runs.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(LOCK_FLAGS)

lock: setup ## Write the locks anew
	@$(COMPILE) --group dev -o requirements/dev.txt
	@$(COMPILE) -c requirements/dev.txt -o requirements/run.txt
	@$(BIN)/uv pip compile --group build --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" $(LOCK_FLAGS) \
		-c requirements/dev.txt -o requirements/build.txt

clean: ## Remove everything that can be made again
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		tests/gallery/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
