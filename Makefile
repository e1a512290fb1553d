# Two commands do everything: `make run` and `make test`. Both set up what they need, from nothing but git, make and Python.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input
PORT ?= 8000
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
  $(shell $(name) -c 'import sys; print("$(name)" if sys.version_info >= (3, 11) else "")' 2>/dev/null)))

.PHONY: help run reset setup test bench check lint mutation lock
.DELETE_ON_ERROR:

help:
	@echo "make run     the demonstration on http://127.0.0.1:8000 (PORT= to change), Ctrl-C stops it"
	@echo "make reset   forget the demonstration's data"
	@echo "make test    the whole test suite, on SQLite and on PostgreSQL"
	@echo "make bench   how many judgements a second, how long a reply takes to be read"
	@echo "make check   format, lint, types, import contracts, migrations, translations, the rules of the house"
	@echo "make mutation  how many deliberate mistakes in triage/ its tests notice (over an hour)"
	@echo "make setup   the environment alone, in .venv"
	@echo "make lock    choose the newest dependencies and write requirements.lock again"

run: setup
	@exec $(PY) -m app dev --port $(PORT)

reset:
	rm -rf var

setup: $(READY)
	@true

# uv, itself from the lock, installs the rest ten times faster than pip, which does it where uv cannot.
# --no-deps: the lock is complete and pip check proves it. --no-compile: a third of the time, Python compiles what it imports.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Vigie needs Python 3.11 or newer: none was found. Install one, or say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) \
	  || { echo "$(PYTHON) could not make .venv: install its venv module (Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing the locked dependencies into .venv (about half a minute the first time)"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(PIP) --require-hashes --no-deps --no-compile -r $(VENV)/uv.lock \
	  && $(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes --no-deps -r requirements.lock \
	  || $(PIP) --require-hashes --no-deps --no-compile -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-compile --editable .
	@$(PY) -m pip check --disable-pip-version-check
	@touch $@

# Two workers, each with its own PostgreSQL. Pages are opened in a real Chromium; without one it is said, and in CI it fails.
test: setup
	@$(PY) -m tests.support.chromium
	$(PY) -m pytest -n 2 -q

bench: setup
	@$(PY) -m app bench triage

check: lint
	$(PY) -m pytest -q tests/house tests/migrations

lint: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/hadolint Dockerfile
	$(VENV)/bin/compose-lint compose.yaml

# Every mutant of triage/, over an hour on two cores; what was done is kept in mutants/. MODULES= for some of them.
mutation: setup
	$(PY) -m tests.support.mutation $(MODULES)

# One file serves running and testing: names, versions and hashes of every group, for every platform, and no address of a registry.
# uv writes it because it alone resolves for all platforms at once; it is fetched into a folder of its own.
lock:
	@$(PYTHON) -m venv var/lock && var/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	var/lock/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.lock
	@rm -rf var/lock
