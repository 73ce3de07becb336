PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install demo test lint fix lock bench smoke chaos clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what Signoff needs into .venv (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@echo "Installing what the tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

install: .venv/run  ## only install, into .venv

demo: .venv/run  ## the whole of Signoff on this machine, with a local Slack workspace
	@exec $(BIN)/signoff demo

NODE := tests/playground/node/node_modules/.package-lock.json

$(NODE): tests/playground/node/package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund --prefix tests/playground/node; fi

test: .venv/dev $(NODE)  ## the whole test suite
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: .venv/dev  ## format, lint, types, import rule
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

fix: .venv/dev  ## mend what can be mended automatically
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

smoke: .venv/run  ## the main job, headless, over Slack's protocol
	@$(BIN)/python -m benchmarks.smoke

bench: .venv/dev  ## figures, one JSON object per line
	@$(BIN)/python -m benchmarks.run

chaos: .venv/dev  ## a thousand approvals while everything is killed; takes long, prints its seed
	@$(BIN)/python -m benchmarks.chaos

lock: .venv/dev  ## write the lock files anew
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -c requirements/dev.txt -o requirements/run.txt

clean:  ## remove what was installed (not .signoff/, which holds your data)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
