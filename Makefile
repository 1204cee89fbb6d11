# Two commands do everything: `make demo` and `make test`. The rest is for those who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
COMPILE := $(UV) pip compile pyproject.toml --universal --no-strip-extras --no-header --no-annotate --generate-hashes --python-version 3.11 --quiet
SIZE ?= 40
MONTHS ?= 6
SEEDS ?= 300
LINES ?= 1000000
WORLDS ?= 200
export DAGSTER_DISABLE_TELEMETRY = 1
export GX_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1

.PHONY: chaos docs demo test test-long check format lint types contracts sql-lint bench truth ui daemon lock wheel clean help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/run.stamp  ## simulated company, nightly run over HTTP, report: everything, in one go
	$(BIN)/q2c demo --size $(SIZE) --months $(MONTHS)

test: $(VENV)/dev.stamp  ## the tests, under 8 minutes on two cores
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder  # a module's company is acted out once; light modules last

test-long: $(VENV)/dev.stamp  ## the tests that take minutes; LONG=PATHS for some of them
	$(BIN)/python -m pytest -n 2 --dist worksteal -m long $(LONG)

truth: $(VENV)/dev.stamp  ## found held against planted in WORLDS simulated companies; writes docs/truth.md
	$(BIN)/python -m q2c_pipeline_tests.scenarios.truth $(WORLDS) --write docs/truth.md

chaos: $(VENV)/dev.stamp  ## SEEDS=n stories in which everything goes wrong that can; prints seeds, faults and violations
	$(BIN)/python -m q2c_pipeline_tests.chaos.run --seeds $(SEEDS)

check: format lint types contracts sql-lint test  ## what CI runs

format: $(VENV)/dev.stamp  ## is the code formatted?
	$(BIN)/ruff format --check .

lint: $(VENV)/dev.stamp  ## ruff, all rules but a short explained list
	$(BIN)/ruff check .

types: $(VENV)/dev.stamp  ## mypy strict, tests included
	$(BIN)/mypy

contracts: $(VENV)/dev.stamp  ## who may import whom
	$(BIN)/lint-imports

sql-lint: $(VENV)/dev.stamp  ## sqlfluff; header and dialect rules are tests
	$(BIN)/sqlfluff lint sql --processes 2

bench: $(VENV)/dev.stamp  ## printed figures: extraction, mapping, and LINES invoice lines reconciled beside other ways to do it
	$(BIN)/python bench/run.py --lines $(LINES)

ui: $(VENV)/run.stamp  ## the Dagster UI on port 3000 of this machine (Q2C_CONFIG names the configuration)
	home=$$($(BIN)/python -m q2c_pipeline.orchestration.home) && \
	DAGSTER_HOME=$$home $(BIN)/dagster-webserver -h 127.0.0.1 -p 3000 -w workspace.yaml

daemon: $(VENV)/run.stamp  ## beside `make ui`: runs the nightly schedule once it is switched on in the UI
	home=$$($(BIN)/python -m q2c_pipeline.orchestration.home) && DAGSTER_HOME=$$home $(BIN)/dagster-daemon run -w workspace.yaml

wheel: $(VENV)/dev.stamp  ## build the wheel, sql/ included
	$(BIN)/python -m build --wheel --installer uv

lock: $(VENV)/bin/uv  ## resolve again; the locks hold hashes and no address
	$(COMPILE) --extra dev -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock -o requirements.lock

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/uv
	$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	$(UV) pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(VENV)/bin/uv
	$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements-dev.lock
	$(UV) pip install --quiet --no-deps -e .
	@touch $@ $(VENV)/run.stamp

docs: $(VENV)/dev.stamp  ## write docs/tables.md from schemas and SQL headers
	$(BIN)/python tools/catalogue.py

clean:  ## remove what runs and tests left behind
	rm -rf data/landing data/warehouse data/state data/reports data/dagster data/demo dist build
