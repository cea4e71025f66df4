# What a person calls here. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup demo env test test-full evaluate check services-start services-stop clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## virtual environment, TimescaleDB and Mosquitto; nothing outside this folder
	@$(BIN)/lifeline services setup

demo: setup ## a city in your terminal, from sensor to receipt; MINUTES=1 ends it by itself
	@$(BIN)/lifeline up $(if $(MINUTES),--minutes $(MINUTES))

env: $(STAMP) ## passwords, certificates and .env for docker-compose.yml; what is there stays
	@$(BIN)/lifeline env $(foreach name,$(HOST),--host $(name))

test: setup ## everything against real services, with small counts
	@$(BIN)/pytest -m "not full" -n 2 --dist loadfile

test-full: setup ## the same with the stated counts: hours
	@LIFELINE_FULL=1 $(BIN)/pytest

FEEDS := $(basename $(notdir $(filter-out %.rules.toml,$(wildcard simulator/feeds/*.toml))))

evaluate: $(STAMP) ## the labelled feeds through the whole engine; their figures into docs/evaluation.md
	@$(BIN)/lifeline evaluate $(FEEDS) --into docs/evaluation.md

check: $(STAMP) ## lint, format, types, import contracts
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

services-start: setup ## the local TimescaleDB and Mosquitto, until services-stop
	@$(BIN)/lifeline services start

services-stop: $(STAMP) ## end them; what they hold stays
	@$(BIN)/lifeline services stop

clean: ## stop the services, remove all that was set up and all they hold
	@[ ! -e $(STAMP) ] || $(BIN)/lifeline services stop
	@rm -rf .venv .runtime build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian's python3 comes without ensurepip; pip of the machine can stand in for it.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python" >&2; exit 1; }
	@[ -x $(BIN)/pip ] || { echo "virtual environment in .venv"; \
	  $(PYTHON) -m venv --clear .venv >/dev/null 2>&1 \
	  || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install -q pip; } 2>/dev/null \
	  || { rm -rf .venv; echo "no pip for a virtual environment: apt-get install python3-venv" >&2; exit 1; }; }
	@echo "libraries as in constraints.txt"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
