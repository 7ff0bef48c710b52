# The main targets are `make run` and `make test`; `make help` lists all.
# Requires Debian 12 or newer, make, python3 (3.11 or newer), and root or sudo for the first call.

PYTHON3 ?= python3
VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check --no-input
# A lock file lists all packages to install, so pip resolves nothing and cannot install a later release.
LOCKED := --no-deps --require-hashes --only-binary :all:
CODE := $(wildcard appliance bench tests clients)
CLIENTS := ansible certbot octodns terraform
UNMODIFIED := acme zones
CLIENT_SOURCES := clients/*.py clients/*/*_*/*.py clients/*/plugins/modules/*.py clients/*/*.toml clients/*/*.yml clients/*/*.md
WORDED := $(CODE) $(wildcard *.md Makefile Vagrantfile setup.cfg ansible bind-templates docs packaging systemd tools)
AT_ONCE := -n 5 --dist worksteal
ARGS ?=
T ?=
SUITE ?= bookworm
CLUSTER_IMAGES ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/dns-appliance/cluster
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
IN_CLUSTER := $(SUDO) env CLUSTER_IMAGES=$(CLUSTER_IMAGES) SUITE=$(SUITE) $(PYTHON)

# Each process would compile every module again at its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

ifneq ($(words $(CURDIR)),1)
$(error The path of this folder contains a space, which make does not support: $(CURDIR))
endif

# A venv that is incomplete, or whose Python is missing, is created again.
ifneq ($(shell test ! -e $(VENV)/unfinished && $(PYTHON) -c 'import click' 2>/dev/null && echo complete),complete)
.PHONY: $(VENV)/created
endif

.PHONY: help
help: ## list all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(VENV)/run $(VENV)/named ## install dependencies and .venv/bin/dns-appliance
	@$(if $(filter setup,$(MAKECMDGOALS)),echo "setup: done",:)

.PHONY: run
run: setup ## run a complete appliance on loopback, in the foreground, with its state in ./var; ARGS="--dns-port 5401" adds options
	@exec $(VENV)/bin/dns-appliance run $(ARGS)

.PHONY: test
ifeq ($(T),)
test: setup $(VENV)/test $(VENV)/programs $(VENV)/browser ## lint, types and all tests; T=tests/zones runs only the tests of one path
	@$(MAKE) --no-print-directory types >$(VENV)/types.log 2>&1 & \
		$(MAKE) --no-print-directory lint $(VENV)/compiled; linted=$$?; wait $$!; typed=$$?; \
		cat $(VENV)/types.log; exit $$((linted + typed))
	$(PYTHON) -m pytest $(AT_ONCE) $(ARGS)
else
test: setup $(VENV)/test $(VENV)/programs $(VENV)/browser
	$(PYTHON) -m pytest $(T) $(ARGS)
endif

.PHONY: coverage
coverage: setup $(VENV)/test $(VENV)/programs $(VENV)/browser ## all tests with branch coverage; fails below 85 %
	$(PYTHON) -m pytest $(AT_ONCE) --cov --cov-report=term $(ARGS)

.PHONY: lint
lint: $(VENV)/test ## ruff, and the import rules of setup.cfg
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports --no-logo --config setup.cfg
	$(PYTHON) tools/words $(WORDED)
	$(PYTHON) -m pytest --quiet --no-header tests/test_names.py

.PHONY: types
types: $(VENV)/test ## mypy, strict
	$(VENV)/bin/mypy $(CODE)

.PHONY: format
format: $(VENV)/test ## fix and format with ruff
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: messages
messages: $(VENV)/test ## write tests/messages.txt, which has every error message, from the source
	$(PYTHON) -m tests.messages

BENCH := $(VENV)/test $(VENV)/bench/versions setup
.PHONY: bench
bench: $(BENCH) ## compare with PowerDNS for a quarter of an hour, and write the figures into docs/; ARGS="--only changes" prints a part
	@echo "bench: each step once, with tiny sizes, before the sizes that count"
	@$(PYTHON) -m bench --smoke >/dev/null
	$(PYTHON) -m bench $(ARGS)

.PHONY: bench-large
bench-large: $(BENCH) ## the same up to 500,000 records and 50,000 zones, for half an hour
	$(PYTHON) -m bench --large $(ARGS)

.PHONY: bench-own
bench-own: $(BENCH) ## more benchmarks, of the appliance alone: doors, pages, imports, 10,000 zones, signed zones
	$(PYTHON) -m bench --own $(ARGS)

.PHONY: soak
soak: $(VENV)/test $(VENV)/programs setup ## 50 minutes of crashes, faults and random inputs; ARGS="--seed 1 --only storm" repeats a part
	$(PYTHON) -m tests.soak $(ARGS)

.PHONY: screenshots
screenshots: $(VENV)/test setup $(VENV)/browser ## screenshots of the console for the README, from an appliance with example data
	$(PYTHON) -m tests.screenshots $(ARGS)

.PHONY: wheelhouse
wheelhouse: $(VENV)/run ## build/wheelhouse: everything that a host installs without a package index
	@tools/wheelhouse $(PYTHON) build/wheelhouse

.PHONY: package
package: wheelhouse ## dist/dns-appliance_VERSION_amd64.deb
	@tools/package build/wheelhouse

.PHONY: clients-dist
clients-dist: $(CLIENTS:%=$(VENV)/wheels/%/built) ## dist/: the packages of clients/ as wheels, for their users
	@mkdir -p dist && cp --verbose $(CLIENTS:%=$(VENV)/wheels/%/dist/*.whl) dist/

.PHONY: clients
clients: setup $(VENV)/test $(VENV)/clients/debian/versions $(UNMODIFIED:%=$(VENV)/clients/%/locked) $(CLIENTS:%=$(VENV)/clients/%/installed) ## run the recipes of docs/clients.md with real clients, and the tests of clients/
	$(PYTHON) -m pytest --timeout 600 clients tests/clients $(if $(shell command -v terraform || command -v tofu),,--ignore=clients/terraform) $(ARGS)

.PHONY: cluster
cluster: setup $(VENV)/programs $(VENV)/cluster ## test the playbook on temporary hosts; needs root; SUITE=trixie for Debian 13
	@echo "cluster: hosts of $(SUITE), from images kept in $(CLUSTER_IMAGES)"
	@$(if $(SUDO),sudo -v)
	@$(IN_CLUSTER) -m tests.cluster.lab image >/dev/null & \
		tools/wheelhouse $(PYTHON) build/wheelhouse && tools/package build/wheelhouse && \
		$(IN_CLUSTER) -m pytest -p no:cacheprovider -n 3 --dist loadscope tests/cluster $(ARGS); ended=$$?; wait; exit $$ended

.PHONY: lock
lock: ## update requirements/*.txt from requirements/*.in
	@tools/system $(PYTHON3)
	@tools/lock $(PYTHON3)

.PHONY: clean
clean: ## remove the venv, builds and caches; ./var, the state of `make run`, is kept
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: reset
reset: ## delete ./var, every zone and account of `make run`, after a question
	@[ -e var ] || { echo "reset: there is no ./var"; exit 0; }; \
		! [ -e var/run.lock ] || flock --nonblock var/run.lock true || { echo "reset: end \`make run\` first"; exit 1; }; \
		printf 'This deletes ./var, every zone and account of `make run`. Type var to confirm: '; \
		read -r answer; [ "$$answer" = var ] || { echo "reset: nothing was deleted"; exit 1; }; \
		rm -rf var

# Each file below is empty and marks a completed step; a newer dependency makes the step run again.

$(VENV)/created:
	@tools/system $(PYTHON3)
	@echo "setup: creating the venv $(VENV)"
	@rm -rf $(VENV) && mkdir $(VENV) && touch $(VENV)/unfinished
	@$(PYTHON3) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/created requirements/run.txt setup.cfg pyproject.toml
	@echo "setup: installing the Python packages of requirements/run.txt"
	@touch $(VENV)/unfinished
	@$(PIP) install $(LOCKED) -r requirements/run.txt
	@echo "setup: installing dns-appliance itself, in editable mode"
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@rm $(VENV)/unfinished
	@touch $@

# An upgrade of BIND's libraries breaks an unpacked named: depend on dpkg's file lists.
$(VENV)/named: tools/system $(VENV)/created $(wildcard $(addprefix /var/lib/dpkg/info/,bind9.list bind9-utils.list))
	@tools/system $(PYTHON3) $(VENV)
	@touch $@

$(VENV)/programs: tools/system $(VENV)/created
	@tools/system $(PYTHON3) --tests
	@touch $@

$(VENV)/browser: tools/system $(VENV)/created
	@tools/system $(PYTHON3) --browser
	@touch $@

$(VENV)/cluster: tools/system $(VENV)/test requirements/cluster.txt
	@tools/system $(PYTHON3) --cluster
	@echo "setup: installing the Python packages of requirements/cluster.txt"
	@$(PIP) install --no-compile $(LOCKED) -r requirements/cluster.txt
	@touch $@

$(VENV)/test: $(VENV)/run requirements/test.txt requirements/tools.txt
	@echo "setup: installing the Python packages of requirements/test.txt and requirements/tools.txt"
	@touch $(VENV)/unfinished
	@$(PIP) install --no-compile $(LOCKED) -r requirements/test.txt -r requirements/tools.txt
	@rm $(VENV)/unfinished
	@touch $@

# On a clean checkout every process of a run would compile all tests.
$(VENV)/compiled: $(VENV)/test
	@$(PYTHON) -m pytest --quiet --collect-only >/dev/null || true
	@touch $@

# A package of clients/ is built from a copy, because a build leaves folders beside the sources.
$(CLIENTS:%=$(VENV)/wheels/%/built): $(VENV)/wheels/%/built: $(VENV)/run $(wildcard $(CLIENT_SOURCES))
	@rm -rf $(VENV)/wheels/$*/copy $(VENV)/wheels/$*/dist && mkdir -p $(VENV)/wheels/$*
	@cp -rL clients/$* $(VENV)/wheels/$*/copy
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir $(VENV)/wheels/$*/dist ./$(VENV)/wheels/$*/copy
	@touch $@

# Each has a venv, as its users have, and so have the clients of others: acme has those for certificates, zones the rest.
$(CLIENTS:%=$(VENV)/clients/%/locked) $(VENV)/clients/zones/locked: $(VENV)/clients/%/locked: $(VENV)/created requirements/clients-%.txt
	@echo "setup: installing the Python packages of requirements/clients-$*.txt in a venv"
	@$(PYTHON3) -m venv --clear $(VENV)/clients/$*
	@$(VENV)/clients/$*/bin/pip --quiet --disable-pip-version-check install --no-compile $(LOCKED) -r requirements/clients-$*.txt
	@touch $@

$(CLIENTS:%=$(VENV)/clients/%/installed): $(VENV)/clients/%/installed: $(VENV)/clients/%/locked $(VENV)/wheels/%/built
	@$(VENV)/clients/$*/bin/pip --quiet --disable-pip-version-check install --no-deps --force-reinstall $(VENV)/wheels/$*/dist/*.whl
	@$(VENV)/clients/$*/bin/pip check
	@touch $@

# One of them has no wheel: build it with the setuptools of requirements/run.txt.
$(VENV)/clients/acme/locked: $(VENV)/run requirements/clients-acme.txt
	@echo "setup: installing the Python packages of requirements/clients-acme.txt in a venv"
	@rm -rf $(VENV)/wheels/acme
	@$(PIP) wheel $(LOCKED) --no-binary certbot-dns-powerdns --no-build-isolation --wheel-dir $(VENV)/wheels/acme -r requirements/clients-acme.txt
	@$(PYTHON3) -m venv --clear $(VENV)/clients/acme
	@$(VENV)/clients/acme/bin/pip --quiet --disable-pip-version-check install --no-compile --no-deps --no-index $(VENV)/wheels/acme/*.whl
	@touch $@

$(VENV)/bench/versions: tools/system $(VENV)/created
	@tools/system $(PYTHON3) --bench $(VENV)/bench
	@touch $@

$(VENV)/clients/debian/versions: tools/system $(VENV)/created
	@tools/system $(PYTHON3) --clients $(VENV)/clients/debian
	@touch $@
