# The whole machinery of the guide: `make help` lists it.
# It needs make, git and Python 3.11 or newer; everything else goes into .venv.

PYTHON ?= python3
JOBS   ?= 2
# Environments of other Pythons, kept between runs.
CACHE  ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hitchhikers-guide

VENV         := .venv
REQUIREMENTS := requirements.txt
PY    := $(VENV)/bin/python
STAMP := $(VENV)/.installed
WEB   := $(VENV)/.installed-web
TORCH := ladder/.venv
TRAIN := $(TORCH)/bin/python ladder/train.py --jobs $(JOBS)
BOOK  := $(VENV)/bin/jupyter-book build --all -W --keep-going
NBVAL := --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg
PIP   := -m pip install --quiet --disable-pip-version-check
# The cache of executed chapters knows code cells only: what else they depend on.
FINGERPRINT := find hitchhiker experiments data requirements*.txt -type f \
    ! -name '*.pyc' | LC_ALL=C sort | xargs cksum

# Small fits on several BLAS threads are many times slower, and the order of hashes
# must not reach a table.
export OPENBLAS_NUM_THREADS = 1
export OMP_NUM_THREADS = 1
export PYTHONHASHSEED = 0
# Large experiments are kept for the length of a build; tables behind figures go into
# the pages.
export HITCHHIKER_CACHE = $(CURDIR)/_build/evidence
export HITCHHIKER_TABLES = $(CURDIR)/_build/tables
# A kernel that finds MPLBACKEND set does not show its figures.
unexport MPLBACKEND GUIDE_FIGURES HITCHHIKER_DATA

.DEFAULT_GOAL := help
.PHONY: help setup data book quick run unit unit-lowest pythons test test-ladder \
    test-web pdf ladder refresh format check clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: $(STAMP)  ## make .venv and install the pinned requirements (other targets do so too)

$(STAMP): requirements.txt requirements-unit.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, and $(PYTHON) is:" \
	         "$$($(PYTHON) --version 2>&1)." \
	         "Name another: make book PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "No virtual environment." \
	    "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the pinned requirements into $(VENV): a minute or two, once."
	@$(PY) $(PIP) -r $(REQUIREMENTS)
	@touch $@

$(WEB): $(STAMP) requirements-web.txt
	@$(PY) $(PIP) -r requirements-web.txt
	@touch $@

# The forecasts of data/ladder/forecast.csv stay: they were made before their target was
# trained. So does data/benchmark.csv, which is time spent.
data: $(STAMP)  ## rebuild the tables (HITCHHIKER_SOURCES=DIR) and all that is made of them
	@if [ -n "$$HITCHHIKER_SOURCES" ]; then \
	    $(PY) -m tools.readers "$$HITCHHIKER_SOURCES"; \
	else \
	    echo "HITCHHIKER_SOURCES names no folder of raw files:" \
	         "runs, losses and scores stay as shipped."; \
	fi
	@$(PY) -m experiments.datasheet
	@echo "Learning the prior of forecasts, then the errors to expect: some minutes."
	@$(PY) -m experiments.learn_prior
	@$(PY) -m experiments.forecast_errors
	@$(PY) -m experiments.example_files
	@echo "Read the difference (git diff data), then renew the notebooks: make refresh"

book: $(STAMP)  ## execute every chapter from an empty cache and build the pages, warnings are errors
	@rm -rf _build && mkdir _build && $(FINGERPRINT) > _build/.inputs
	@echo "Computing the experiments, some minutes: $(JOBS) at a time."
	@$(PY) tools/evidence.py --jobs $(JOBS)
	@$(BOOK) .
	@echo
	@echo "The guide is built. Open $(CURDIR)/_build/html/index.html"

quick: $(STAMP)  ## build again for authors: only chapters whose code changed are executed
	@mkdir -p _build && $(FINGERPRINT) > _build/.inputs.now
	@cmp -s _build/.inputs.now _build/.inputs || rm -rf _build/.jupyter_cache
	@mv _build/.inputs.now _build/.inputs
	@$(BOOK) .
	@echo "Open $(CURDIR)/_build/html/index.html"

run: $(STAMP)  ## execute one chapter of this clone: make run CHAPTER=fitting
	@$(PY) tools/run.py $(CHAPTER)

unit: $(STAMP)  ## the tests of a contributor, a minute or two: no book, no large experiment
	@PYTHONPATH=$(CURDIR) $(PY) -m pytest -q -n $(JOBS) -m "not slow" \
	    --hypothesis-profile quick --doctest-modules --ignore tests/book \
	    --ignore tests/web hitchhiker tests

unit-lowest:  ## unit tests on the lowest versions that pyproject.toml promises
	@mkdir -p $(CACHE)
	@$(PYTHON) tools/lowest.py > $(CACHE)/lowest.txt
	@$(MAKE) --no-print-directory unit VENV=$(CACHE)/lowest \
	    REQUIREMENTS=$(CACHE)/lowest.txt

pythons:  ## unit tests on each of Python 3.11, 3.12, 3.13 found here, and on the lowest versions
	@tools/pythons.sh $(CACHE)

test: book  ## build the book, then every test: also recipes, stored notebooks, the built site
	@GUIDE_FIGURES=png $(PY) -m pytest -n $(JOBS) --dist loadfile --doctest-modules $(NBVAL) \
	    hitchhiker experiments tools/readers tests --ignore tests/web

test-ladder: $(STAMP) $(TORCH)/.installed  ## train two tiny models, stop and go on (a minute)
	@$(PY) -m pytest tests/test_ladder_training.py

test-web: $(WEB)  ## open every built page in Chromium with the network off (after make book)
	@$(PY) -m pytest -n $(JOBS) tests/web

pdf: $(WEB)  ## print the whole book into _build/html/guide.pdf (after make book; needs Chromium)
	@$(VENV)/bin/jupyter-book build --builder singlehtml .
	@$(PY) tools/pdf.py

$(TORCH)/.installed: ladder/requirements.txt
	@$(PYTHON) -m venv $(TORCH)
	@echo "Installing PyTorch into $(TORCH), once."
	@$(TORCH)/bin/python $(PIP) -r ladder/requirements.txt
	@touch $@

ladder: $(STAMP) $(TORCH)/.installed  ## train the ladder of small models into ladder/runs, one to two hours
	@echo "Step 1 of 4: the rule for the learning rate, checked at two sizes."
	@$(TRAIN) --out ladder/runs/rates --widths 22 64 --seeds 1 \
	    --lengths 524288 2097152 --rates 0.25 0.5 1 2
	@echo "Step 2 of 4: every size but the largest."
	@$(TRAIN) --out ladder/runs --widths 16 22 28 36 48 64
	@echo "Step 3 of 4: the forecast of the largest, before it is trained."
	@$(PY) ladder/forecast.py ladder/runs
	@echo "Step 4 of 4: the largest."
	@$(TRAIN) --out ladder/runs --widths 84
	@$(PY) ladder/forecast.py ladder/runs

refresh: $(STAMP)  ## execute chapters, renew tests/reference (some: CHAPTERS="data fitting")
	@$(PY) tools/refresh.py --jobs $(JOBS) $(CHAPTERS)

format: $(STAMP)  ## put the code into shape
	@$(PY) -m ruff check --fix --exit-zero .
	@$(PY) -m ruff format .

check: $(STAMP)  ## lint the code without changing it, print its size beside the aims
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) tools/size.py

clean:  ## remove the built book and every cache, not .venv
	@rm -rf _build .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path '*/.venv/*' -prune -exec rm -rf {} +
