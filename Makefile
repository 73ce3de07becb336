# PYTHON=...  another Python      EXTRAS="mcp postgres"  with extras     VENV=...  another folder
# LOCK=no     newest versions    WITH=uv, WITH=pip      only with this one
PYTHON3 := $(or $(PYTHON),python3)
VENV ?= .venv
BIN := $(VENV)/bin
ENVIRONMENT = @command -v $(PYTHON3) >/dev/null || { echo "There is no '$(PYTHON3)': install Python 3.11 or newer."; exit 1; }; \
	$(PYTHON3) -m requirements.environment --venv "$(VENV)" --extras "$(EXTRAS)" --with "$(WITH)" \
	$(if $(filter no,$(LOCK)),--unlocked) $(if $(PYTHON),--this-python)

.DEFAULT_GOAL := help
.PHONY: help install demo test lint fix docs wheel lock bench cases dialects smoke chaos clean install-matrix audit run-needs dev-needs docs-needs

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run-needs:
	$(ENVIRONMENT) run

dev-needs:
	$(ENVIRONMENT) dev

docs-needs:
	$(ENVIRONMENT) docs

install: run-needs  ## only install, into .venv; EXTRAS="mcp postgres" with extras

demo: run-needs  ## the whole of Signoff on this machine; MODEL=stand-in with a model that fails on request
	@exec $(BIN)/$(if $(filter stand-in,$(MODEL)),python -m tests.models.demo,signoff demo)

NODE := tests/playground/node/node_modules/.package-lock.json

$(NODE): tests/playground/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix tests/playground/node; fi

test: dev-needs $(NODE)  ## the whole test suite
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: dev-needs  ## format, lint, types, import rule
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: dev-needs  ## mend what can be mended automatically
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

docs: docs-needs  ## the documentation site, into build/docs/site
	@$(BIN)/python -m docs.site

wheel: dev-needs  ## the wheel of Signoff, into dist/
	@$(BIN)/uv build --quiet --wheel --out-dir dist && ls dist/signoff-*.whl

smoke: run-needs  ## the main job, headless, over Slack's protocol
	@$(BIN)/python -m benchmarks.smoke

bench: dev-needs  ## figures, one JSON object per line
	@$(BIN)/python -m benchmarks.run

cases: dev-needs  ## small files people sent, through the reader and the whole review
	@$(BIN)/python -m benchmarks.tables.cases

dialects: dev-needs  ## 20,000 random tables, written in random ways and read back; takes half an hour
	@$(BIN)/python -m benchmarks.tables.dialects

chaos: dev-needs  ## a thousand approvals while everything is killed; takes long, prints its seed
	@$(BIN)/python -m benchmarks.chaos

lock: dev-needs  ## write the lock files anew; UPGRADE=yes for the newest versions
	@$(BIN)/python -m requirements.lock $(if $(UPGRADE),--upgrade)

install-matrix: dev-needs  ## install with every Python here, and with old and new pips; PART=yes for a sample
	@$(BIN)/python -m requirements.matrix $(if $(PART),--part)

audit: dev-needs  ## known vulnerabilities in what is locked, and a list of it, into dist/sbom.cdx.json
	@$(BIN)/python -m requirements.audit

clean:  ## remove what was installed (not .signoff/, which holds your data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
