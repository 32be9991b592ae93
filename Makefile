# `make up` runs everything; `make test` tests everything. Both install what they need into .venv first.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev
WORKERS ?= 2

.PHONY: up demo test test-long check schema lock bench clean

up: $(INSTALLED)
	@exec $(BIN)/plyr-appview up

demo: $(INSTALLED)
	@exec $(BIN)/plyr-appview demo

test: $(INSTALLED_DEV) check
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not long"

test-long: $(INSTALLED_DEV)
	$(BIN)/python -m pytest -vv -n $(WORKERS) --dist load -m long --ignore tests/soak
	$(BIN)/python -m pytest -vv -m long tests/soak

check: $(INSTALLED_DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

bench: $(INSTALLED_DEV)
	$(BIN)/python -m benchmarks all

# After a change of the dependencies in pyproject.toml.
lock: $(INSTALLED_DEV)
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-header --output-file requirements.lock pyproject.toml requirements-build.in
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-header --extra dev --output-file requirements-dev.lock pyproject.toml requirements-build.in

# After a change of the migrations.
schema: $(INSTALLED_DEV)
	$(BIN)/python -m tests.migrations.write_schema

clean:
	rm -rf .venv .cache

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(INSTALLED_DEV): $(INSTALLED) requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@
