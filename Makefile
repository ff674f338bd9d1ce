# Everything a newcomer needs: `make demo`, then `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.ready
APPLICATION := examples/innerarchitect
APPLICATION_READY := .venv-application/.ready
# It wants other versions than iactl of what both use, so it has an environment of its own.
SAFETY_LOCK := tests/tools/safety.lock
SAFETY_READY := .venv-safety/.ready

.PHONY: help setup tools demo demo-down test test-long test-fast lint format bench clean-rig lock

help: ## List what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Make the virtual environment with the locked dependencies

$(READY): requirements-dev.lock pyproject.toml tests/setup.sh
	@tests/setup.sh .venv requirements-dev.lock --editable .

$(APPLICATION_READY): $(APPLICATION)/requirements-test.lock tests/setup.sh
	@tests/setup.sh .venv-application $(APPLICATION)/requirements-test.lock

$(SAFETY_READY): $(SAFETY_LOCK) tests/setup.sh
	@tests/setup.sh .venv-safety $(SAFETY_LOCK)

# From here on, so that the time which the demo tells has the making of .venv in it.
demo: export DEMO_BEGAN := $(shell date +%s.%N)
demo: $(READY) ## Deploy a real application to two throwaway servers, and watch
	@$(BIN)/python -m examples.demo

demo-down: $(READY) ## Remove the servers and the images of this checkout's demo
	@$(BIN)/python -m examples.demo down

test: ## Run the tests, one row of each fault among them
	@$(MAKE) --no-print-directory -j3 $(READY) $(APPLICATION_READY) $(SAFETY_READY)
	@$(BIN)/python -m tests.everything

test-long: $(READY) $(APPLICATION_READY) ## Run every row of the fault suite, a long load, and the pipeline's own lines
	@$(BIN)/python -m tests.everything all-faults load pipeline

test-fast: $(READY) ## Run the tests that need no Docker, in under a minute
	@$(BIN)/python -m pytest -q -n auto -m "not slow" tests/unit

tools: $(READY) ## Do what setup does, and on GitHub put the tools on the PATH
	@if [ -n "$${GITHUB_PATH:-}" ]; then echo "$(CURDIR)/$(BIN)" >> "$$GITHUB_PATH"; fi

lint: $(READY) ## Check format, types, style, and what Ansible runs
	@$(BIN)/iactl lint --output build/gates

format: $(READY) ## Format the code
	@$(BIN)/black --quiet .
	@$(BIN)/isort --quiet .

bench: $(READY) ## Measure a deploy against a hand-written one and a typical role
	@$(BIN)/python -m bench

clean-rig: $(READY) ## Remove the servers of crashed runs, and when none is left the images
	@$(BIN)/python -m tests.fleet clean --images

lock: $(READY) ## Resolve the dependencies again
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --output-file requirements.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --extra ci --extra dev --output-file requirements-dev.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --output-file $(SAFETY_LOCK) $(SAFETY_LOCK:.lock=.in)
	@cd $(APPLICATION) && for extra in "" "--extra test"; do \
		../../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header $$extra --output-file requirements$${extra:+-test}.lock pyproject.toml; done
