# Two commands: `make run` and `make test` (`make test-fast` for the impatient). They set up a virtual environment first, with pip alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
PACKAGES := chipsim learning_circuit host nonideality
CODE := $(PACKAGES) examples tests

# Of 6,000 files that are installed a run imports 600: bytecode is kept of what is imported, not made of all (--no-compile).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-fast test-long test-core test-lowest check format docs conformance clean

run: $(VENV)/installed
	$(BIN)/chipsim run --noise=mismatch:0.2

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow"

test-long: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m long

# With another Python: make test-core PYTHON=python3.13 VENV=.venv-3.13
test-core: $(VENV)/installed-core
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m core

# With the oldest packages that pyproject.toml allows.
LOWEST := .lowest

test-lowest: $(LOWEST)/installed
	$(LOWEST)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m core

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/mypy tests/host/api/typed_use.py

format: $(VENV)/installed-dev
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

# An API reference and all pages, in build/docs; a warning or a link that leads nowhere is an error.
docs: $(VENV)/installed-docs
	$(BIN)/python tests/docs/build.py build/docs

# Files of other tools, written anew; what does not install is said, and its files stay as they are.
TOOLS := .conformance

conformance: $(TOOLS)/installed
	$(TOOLS)/bin/python tests/conformance/make_files.py

$(TOOLS)/installed: tests/conformance/constraints.txt
	$(PYTHON) -m venv $(TOOLS)
	@pip="$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps"; \
	$$pip -r $< || while read -r package; do $$pip "$$package" || echo "conformance: $$package does not install" >&2; done < $<
	@touch $@

clean:
	rm -rf $(VENV) .venv-* $(LOWEST) $(TOOLS) build *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else f"chipsim needs Python 3.11 or newer, this is {v[0]}.{v[1]}: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[test,check]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-core: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[test]'
	@touch $@

$(LOWEST)/installed: pyproject.toml tests/lowest.txt
	rm -rf $(LOWEST)
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps -r tests/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps -e .
	$(LOWEST)/bin/python -m pip check
	@touch $@
