# Everything a fresh machine needs is Python 3.10 or newer and make: `make demo` and `make test`.
# pip is used as it is configured (environment, pip.conf); no package index is named here or in the lock files.

PYTHON ?= python3
VENV := .venv
MELTANO_VENV := .venv-meltano
DOCS_VENV := .venv-docs
FLEET_VENV := .venv-fleet
BIN := $(VENV)/bin
PIP_INSTALL := pip install --quiet --disable-pip-version-check
# pytest-xdist's workers: `make test WORKERS=8`, or 0 for none.
WORKERS ?= auto
# What builds and runs the image of `make test-image`.
ENGINE ?= docker
# The inventory of the demo: `make demo API=optiflow`, `quickstart` or `opterius`.
API := inflow
# What pytest is given besides: `make test PYTEST_ARGS='-k identity'`.
PYTEST_ARGS ?=
# What draws the kills and mutations of a soak, and the share of 200,000 products and 100,000 orders that it carries over.
SEED ?= 1
LOAD ?= 0.02

# What `make bench` measures (all), how often, the slow-down in percent that it plants, and where its page goes.
FAMILIES ?=
ROUNDS ?= 5
PLANT ?= 0
DOCS ?= docs

# Meltano sends usage statistics and asks for newer versions unless it is told not to.
export MELTANO_SEND_ANONYMOUS_USAGE_STATS = false
export MELTANO_CLI_DISABLE_VERSION_CHECK = true

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- The two commands of the README -------------------------------------------------------------------------------

.PHONY: demo
demo: ## Synchronise a sandbox inFlow into a sandbox Optiply with Meltano, twice (API=optiflow, quickstart, opterius)
	@echo "demo: preparing the environments (a minute the first time, nothing later)"
	@$(MAKE) --silent .meltano/.installed
	@$(MELTANO_VENV)/bin/python scripts/demo.py $(API)

.PHONY: test
test: lint type unit ## Run linters, type checkers and all tests

# --- Its parts ----------------------------------------------------------------------------------------------------

.PHONY: lint
lint: $(VENV)/.installed ## Check style and formatting with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: type
type: $(VENV)/.installed ## Check types with mypy
	$(BIN)/mypy
	MYPYPATH=scripts $(BIN)/mypy scripts/*.py scripts/demolib
	$(BIN)/mypy examples/hotglue/*.py
	MYPYPATH=tests $(BIN)/mypy benchmarks

.PHONY: unit
unit: $(VENV)/.installed $(MELTANO_VENV)/.installed ## Run all tests with pytest
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

.PHONY: test-meltano
test-meltano: $(VENV)/.installed $(MELTANO_VENV)/.installed ## Run every Meltano command of docs/meltano.md, with installed plugins
	$(BIN)/python -m pytest -n 0 tests/meltano/commands.py $(PYTEST_ARGS)

.PHONY: test-browser
test-browser: $(VENV)/.browser ## Open the page about a run in Chromium (`apt-get install chromium`, or CHROMIUM=path)
	$(BIN)/python -m pytest -n 0 tests/target/browser $(PYTEST_ARGS)

.PHONY: test-fleet
test-fleet: $(FLEET_VENV)/.installed ## Check types and run the tests of many tenants on Dagster, 25 of them at once
	$(FLEET_VENV)/bin/mypy -p fleet
	MYPYPATH=tests:tests/fleet $(FLEET_VENV)/bin/mypy tests/fleet/*.py
	$(FLEET_VENV)/bin/python -m pytest -n 0 tests/fleet $(PYTEST_ARGS)

.PHONY: fleet-sizing
fleet-sizing: $(FLEET_VENV)/.installed ## Measure what a tenant's run takes of a machine, and how many tenants that allows
	PYTHONPATH=.:tests:tests/fleet $(FLEET_VENV)/bin/python tests/fleet/sizing.py

.PHONY: soak
soak: $(VENV)/.installed ## Run the tests under fire in their long form and write docs/reliability.md (SEED=, LOAD=)
	RELIABILITY=soak RELIABILITY_SEED=$(SEED) RELIABILITY_LOAD=$(LOAD) \
		$(BIN)/python -m pytest -n $(WORKERS) tests/reliability tests/tap/test_pace.py $(PYTEST_ARGS)
	RELIABILITY=soak PYTHONPATH=tests:. $(BIN)/python -m reliability.table

.PHONY: mutate
mutate: $(VENV)/.installed ## Plant defects one by one and tell which no test notices (an hour; MODULES=... for some)
	$(BIN)/python scripts/mutate.py $(MODULES)

.PHONY: audit
audit: $(MELTANO_VENV)/.installed ## Look the locked versions up in the database of known vulnerabilities (needs the network)
	$(MELTANO_VENV)/bin/uv tool run pip-audit --no-deps --disable-pip --requirement requirements/runtime.txt

.PHONY: sandbox
sandbox: $(VENV)/.installed ## Run the sandbox in the foreground and say how to use it from a shell
	@$(BIN)/python scripts/sandbox_shell.py

.PHONY: bench
bench: $(VENV)/.installed ## Measure both programs and write docs/performance.md (FAMILIES="writes tap" for some; PLANT=5 DOCS=folder)
	$(BIN)/python -m benchmarks $(FAMILIES) --rounds $(ROUNDS) --plant $(PLANT) --docs $(DOCS)

.PHONY: bench-guard
bench-guard: $(VENV)/.installed ## Record anew the lines, calls and requests of a record that the tests hold the programs to
	$(BIN)/python -m benchmarks.guard

.PHONY: bench-sandbox
bench-sandbox: $(VENV)/.installed ## Measure how many writes a second the sandbox's Optiply takes
	$(BIN)/python -m sandbox.bench

# --- For those who change the project -----------------------------------------------------------------------------

.PHONY: docs-tables
docs-tables: $(VENV)/.installed ## Bring README.md, docs/settings.md, meltano.yml and the plugin definitions up to date with what the programs say of themselves
	$(BIN)/python scripts/readme_tables.py
	$(BIN)/python scripts/settings_page.py
	$(BIN)/python scripts/meltano_settings.py
	$(BIN)/python scripts/plugin_definitions.py

# MkDocs' own notice of a major version that this theme will not follow is no fault of a page.
.PHONY: docs
docs: $(DOCS_VENV)/.installed $(VENV)/.installed ## Build the documentation site into site/, and see that it asks no other host for anything
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs build --strict
	$(BIN)/python -m pytest -n 0 tests/docs/site.py $(PYTEST_ARGS)

.PHONY: docs-serve
docs-serve: $(DOCS_VENV)/.installed ## Show the documentation site while its pages are written
	NO_MKDOCS_2_WARNING=1 $(DOCS_VENV)/bin/mkdocs serve --strict

.PHONY: test-image
test-image: ## Build the image and run both programs in it (needs docker, or ENGINE=podman)
	$(ENGINE) build --tag inventory-to-optiply .
	$(ENGINE) run --rm inventory-to-optiply tap-inventory --version
	$(ENGINE) run --rm inventory-to-optiply target-optiply --version
	test "$$($(ENGINE) run --rm inventory-to-optiply id -u)" = 10001

.PHONY: dist
dist: $(VENV)/.installed ## Build what is published into dist/ (with TAG=v1.2.3 only if version and changelog agree)
	$(BIN)/python scripts/release.py $(TAG)
	rm -rf dist
	$(BIN)/python -m hatchling build

.PHONY: docs-picture
docs-picture: $(VENV)/.browser ## Make the picture of a report page in docs/ anew
	REPORT_PICTURE=docs/images/report.png $(BIN)/python -m pytest -n 0 tests/target/browser -k picture

UV_COMPILE := $(MELTANO_VENV)/bin/uv pip compile --quiet --universal --python-version 3.10 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.PHONY: lock
lock: $(MELTANO_VENV)/.installed ## Resolve the newest allowed versions of all dependencies into requirements/
	$(UV_COMPILE) --upgrade pyproject.toml --output-file requirements/runtime.txt
	$(UV_COMPILE) --upgrade pyproject.toml --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
	$(UV_COMPILE) --upgrade --group browser --constraints requirements/dev.txt --output-file requirements/browser.txt
	$(UV_COMPILE) --upgrade pyproject.toml --extra fleet --group fleet --constraints requirements/dev.txt --output-file requirements/fleet.txt
	$(UV_COMPILE) --upgrade --group docs --output-file requirements/docs.txt
	$(UV_COMPILE) --upgrade --group demo --output-file requirements/demo.txt

.PHONY: clean
clean: ## Remove environments, caches and what runs left behind
	rm -rf $(VENV) $(MELTANO_VENV) $(DOCS_VENV) site $(FLEET_VENV) .meltano .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Environments: made once, and again when their lock file changes ----------------------------------------------

define new_environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; name one: make PYTHON=python3.12")'
	@rm -rf $(1)
	@$(PYTHON) -m venv $(1)
endef

# The programs, editable, and everything that tests and checks them.
$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@echo "installing $(VENV)"
	$(call new_environment,$(VENV))
	@$(BIN)/$(PIP_INSTALL) --requirement requirements/dev.txt
	@$(BIN)/$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# What drives a browser; the browser itself is the machine's.
$(VENV)/.browser: $(VENV)/.installed requirements/browser.txt
	@$(BIN)/$(PIP_INSTALL) --requirement requirements/browser.txt
	@touch $@

# What builds the documentation site; it needs none of the programs.
$(DOCS_VENV)/.installed: requirements/docs.txt
	@echo "installing $(DOCS_VENV)"
	$(call new_environment,$(DOCS_VENV))
	@$(DOCS_VENV)/bin/$(PIP_INSTALL) --requirement requirements/docs.txt
	@touch $@

# Meltano and the sandbox's few packages, apart from the programs: their dependencies need not agree.
$(MELTANO_VENV)/.installed: requirements/demo.txt
	@echo "installing $(MELTANO_VENV)"
	$(call new_environment,$(MELTANO_VENV))
	@$(MELTANO_VENV)/bin/$(PIP_INSTALL) --requirement requirements/demo.txt
	@touch $@

# Dagster, the programs as a worker has them, and everything that tests and checks them.
$(FLEET_VENV)/.installed: requirements/dev.txt requirements/fleet.txt pyproject.toml
	@echo "installing $(FLEET_VENV)"
	$(call new_environment,$(FLEET_VENV))
	@$(FLEET_VENV)/bin/$(PIP_INSTALL) --requirement requirements/dev.txt --requirement requirements/fleet.txt
	@$(FLEET_VENV)/bin/$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# Meltano makes an environment for each of the two plugins.
.meltano/.installed: $(MELTANO_VENV)/.installed requirements/runtime.txt pyproject.toml
	@echo "installing Meltano's plugins tap-inventory and target-optiply"
	@$(MELTANO_VENV)/bin/meltano --log-level warning install --clean
	@touch $@
