# Everything a developer types. `make demo` and `make test` set up what they need by themselves.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup site browser demo dev test check bench load load-labeling pins clean

export PATH := $(CURDIR)/.venv/bin:$(PATH)

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 16

setup:  ## Python environment, tools, browser libraries, a secret key; repeats only what has changed
	@scripts/setup --dev

site:  # the same without the tools for tests and checks
	@scripts/setup

browser: setup  ## Chromium, for the tests only
	@scripts/browser

demo: site  ## The site with NASA's Blue Marble, on http://127.0.0.1:8000/ (PORT, LOOKALIKE_DATA)
	@LOG_FORMAT=$${LOG_FORMAT:-console} scripts/demo

dev: setup  ## The site with DEBUG; restarts itself when a source file changes
	@DEBUG=1 .venv/bin/python manage.py serve --reload

test: browser  ## All tests; ARGS="-k name" for some
	@scripts/test $(ARGS)

check: setup  ## Style, types, import rules, migrations, production settings
	@scripts/check

bench: setup  ## Measurements for docs/performance.md; ARGS="search --tiles 100000"
	@scripts/bench $(ARGS)

load: setup  ## Many people at once against a running site; URL=, ARGS="--do search --people 50"
	@scripts/load $(ARGS)

load-labeling: setup  ## 300 phones in one campaign, on a site of its own; ARGS="--postgres"
	@.venv/bin/python -m tests.load.labeling $(ARGS)

pins: setup  ## Renew constraints.txt after changing a requirements file
	@scripts/pins

clean:  ## Remove what setup made; the data folder stays
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
