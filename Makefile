# What a developer and a first-time user type. Needs Python 3.11 or newer with venv, and no root.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Three processes keep two cores busy: some tests wait for a daemon.
PYTEST := $(BIN)/python -m pytest -q -n 3 --dist worksteal
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install run test check fuzz soak lint format lock bench bench-report docs samples deb image sbom clean

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.runtime ## Set up .venv with what ingestd needs to run.

# The samples are copied before the configuration is made, so that its presence says that both are there:
# an interrupted first start begins again, a second start drops nothing into the inbox.
run: $(VENV)/.runtime ## Start daemon and page in ./run; the first start drops three sample scans into its inbox.
	@if [ ! -e run/config.yaml ]; then \
		mkdir -p run/inbox && cp samples/*.jpg samples/*.png samples/*.pdf run/inbox/ && $(BIN)/ingestd init run >/dev/null; \
	fi
	@$(BIN)/ingestd run --page -c run/config.yaml

test: $(VENV)/.development ## Run all tests and require the coverage of pyproject.toml.
	$(PYTEST) --cov --cov-report=term:skip-covered

check: lint test ## Everything that has to pass before a change goes in: lint, types, tests, coverage.

# Coverage-guided; for an hour: make fuzz SECONDS=3600
SECONDS := 300
fuzz: $(VENV)/.development ## Feed everything that takes bytes from outside with hostile ones, for five minutes.
	$(PIP_INSTALL) atheris==3.0.0
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS)

lint: $(VENV)/.development ## Check style, format, types, imports, spelling and words.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/codespell
	$(BIN)/python docs/words.py

format: $(VENV)/.development ## Put the code into the project's format.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: $(VENV)/.development ## Push 20,000 tiny documents through the daemon with 100 kills, its memory watched; ten minutes.
	$(BIN)/python -m tests.faults.soak $(SOAK)

# Options go through BENCH, such as make bench BENCH="--sample 0 --rapidocr DIR/bin/python".
bench: $(VENV)/.development ## Readers side by side, an hour on two cores; see lab/bench/README.md.
	$(BIN)/python -m lab.bench $(BENCH)

bench-report: $(VENV)/.development ## Write docs/benchmarks.md from the record of figures.
	$(BIN)/python -m lab.bench.figures

docs: $(VENV)/.development ## Write the reference pages and schemas that are made from the code.
	$(BIN)/python docs/generate.py

samples: $(VENV)/.development ## Draw the sample documents again; needs the fonts named in samples/README.md.
	$(BIN)/python -m lab.corpus samples

deb: $(VENV)/.development ## Build a Debian package in dist/ that brings its Python packages along.
	$(BIN)/python packaging/build_deb.py dist

image: ## Build a container image with podman, docker or buildah.
	packaging/container/build.sh

sbom: $(VENV)/.development ## Write the bill of materials dist/ingestd.cdx.json (CycloneDX).
	@mkdir -p dist
	$(BIN)/python packaging/sbom.py > dist/ingestd.cdx.json

clean: ## Remove .venv, caches and build outputs; ./run and its documents stay.
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis lab/bench/out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ingestd needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make virtual environments; on Debian: apt install python3-venv" >&2; exit 1; }

# --no-build-isolation: the build backend is pinned in the lock like everything else, nothing unlocked is fetched.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV) (once, a minute or two)"
	@$(PIP_INSTALL) --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV) (once, a minute or two)"
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@$(PIP_INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

# Your own pip settings are left aside: a lock holds the hashes of what the public index has, not of local wheels.
# Pins stay as they are unless asked: make lock UPGRADE=--upgrade
LOCK_VENV := build/lock
COMPILE := env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL -u PIP_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	CUSTOM_COMPILE_COMMAND="make lock" $(LOCK_VENV)/bin/pip-compile $(UPGRADE) --quiet --generate-hashes --strip-extras \
	--allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --build-deps-for editable

lock: ## Write requirements.lock and requirements-dev.lock from pyproject.toml.
	$(PYTHON) -m venv $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet pip-tools==7.6.2
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra heic --extra bench --extra cluster --extra metrics --extra searchable --extra dev --output-file requirements-dev.lock pyproject.toml
