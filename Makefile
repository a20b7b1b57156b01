# Everything that a person or a machine does with this project; `make` alone lists it.
# A fresh machine needs Python 3.11 or later, git and make. The rest goes into .venv, pinned with hashes.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
PYTEST := $(PY) -m pytest
COMPILE := $(UV) pip compile pyproject.toml --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11

# A pin file of the machine (a constraint in pip's configuration) must not fight with the hashes of the lock.
export PIP_CONSTRAINT := /dev/null
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# uv is told which environment to fill, whatever other one is active in the shell.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

##@ Run

.PHONY: run
run: $(RUN) ## Start everything on this machine: engines, migrations, base data, gateway, services, workers
	$(PY) -m embedded run

.PHONY: demo
demo: $(RUN) ## Play the demonstration through the gateway: from a night report to the settlement
	$(PY) -m embedded demo

.PHONY: migrate
migrate: $(RUN) ## Bring all databases to the newest schema
	$(PY) -m embedded migrate

.PHONY: seed
seed: $(RUN) ## Load the base data: tree, people, appointments, authority table, rule sets
	$(PY) -m embedded seed

.PHONY: seed-nation
seed-nation: $(RUN) ## Load the tree of all provinces instead of one
	$(PY) -m embedded seed --nation

.PHONY: check
check: $(RUN) ## Compare all stores with each other and name every difference
	$(PY) -m embedded check

##@ Test

.PHONY: test
test: $(DEV) ## Everything that must hold before a change is done: lint, types, imports, all folders of tests
	scripts/test

.PHONY: unit
unit: $(DEV) ## Rules and arithmetic, in seconds
	$(PYTEST) tests/unit

.PHONY: service
service: $(DEV) ## Each service with its own real database
	$(PYTEST) tests/service -n 2 --dist loadfile

.PHONY: contract
contract: $(DEV) ## Events, OpenAPI, routes, imports and shape against what is written down
	$(PYTEST) tests/contract

.PHONY: journey
journey: $(DEV) ## Whole stories through the gateway
	$(PYTEST) tests/journey -n 2 --dist loadfile

.PHONY: security
security: $(DEV) ## Who may do what: every route, position and relation in the tree; tokens, headers, masking
	$(PYTEST) tests/security -n 2 --dist loadfile

.PHONY: reliability
reliability: $(DEV) ## Crash points, duplicates, order, outages, and the checker over all stores
	$(PYTEST) tests/reliability

.PHONY: bench
bench: $(DEV) ## Measure against a base line in the same run and write docs/benchmarks.md; QUICK=1 only tries it
	$(PY) -m tests.benchmarks $(if $(QUICK),--quick)

.PHONY: soak
soak: $(DEV) ## The long run under load and faults
	$(PYTEST) tests/reliability tests/security -m soak --timeout 0

##@ Write

.PHONY: lint
lint: $(DEV) ## Lint, formatting and import contracts, without changing anything
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

.PHONY: format
format: $(DEV) ## Format the code and fix what can be fixed safely
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: types
types: $(DEV) ## Check the types
	$(VENV)/bin/pyright

.PHONY: contracts
contracts: $(DEV) ## Write docs/openapi, docs/events, the route table and the merged documents anew from the code
	$(PY) -m scripts.contracts

.PHONY: client
client: $(DEV) ## Generate the typed TypeScript client from the interface document and compile an example against it
	$(PY) -m scripts.typescript_client

.PHONY: hooks
hooks: $(DEV) ## Run lint and format before each commit from now on
	$(VENV)/bin/prek install

##@ Environment

.PHONY: env
env: $(DEV) ## Make or refresh .venv with everything for running and testing

.PHONY: lock
lock: $(UV) ## Resolve the dependencies of pyproject.toml into requirements/*.lock; UPGRADE=1 takes the newest
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra embedded --group bootstrap --output-file requirements/run.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/run.lock --output-file requirements/image.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra embedded --group bootstrap --group test --group dev \
	  --constraint requirements/run.lock --output-file requirements/dev.lock

##@ Compose

.PHONY: secrets
secrets: $(RUN) ## Make what is missing of the compose stack's secrets in secrets/, one file each, none ever overwritten
	$(PY) -m scripts.secrets

.PHONY: compose-smoke
compose-smoke: $(RUN) ## Build the images, start a stack of its own, test it, kill each service, start it again, remove it
	scripts/compose-smoke

##@ Other

.PHONY: clean
clean: ## Remove caches and the data of the local run; .venv and secrets/ stay
	rm -rf .anlan .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## "; print "make <command>" } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The environment. Stamps make a second run instant; what tests need contains what running needs, so a developer's
# environment serves both and is never thinned out by `make run`.

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name it with PYTHON=…, for example make PYTHON=python3.12 run" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(UV): | $(PY)
	@awk '/^[^ ]/ { ours = /^uv==/ } ours' requirements/run.lock > $(VENV)/uv.lock
	@test -s $(VENV)/uv.lock || { echo "requirements/run.lock does not name uv" >&2; exit 1; }
	$(PY) -m pip install -qq --require-hashes --no-deps --only-binary :all: --requirement $(VENV)/uv.lock

$(DEV): requirements/dev.lock | $(UV)
	scripts/install requirements/dev.lock
	@touch $(RUN) $(DEV)

$(RUN): requirements/run.lock | $(UV)
	@if [ -e $(DEV) ]; then $(MAKE) --no-print-directory --silent $(DEV); else scripts/install requirements/run.lock; fi
	@touch $(RUN)
