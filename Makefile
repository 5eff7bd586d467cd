# make demo      compare ridge, elastic net and lasso on real tables: of numbers, and of two classes
# make test      the whole test suite
# make torch     the tests of neural networks, with PyTorch
# make lint      style, types, layers, spelling
# make check     sanitizers, fuzzing, the long stress test, oldest scikit-learn, empty environment
# make docs      the site, in build/docs
# make figures   draws the pictures of the pages again
# make bench    every peer beside this package: an hour or more; BENCH="--problems 100x10" a part
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := build/benchmarks
# In CI a warning of the compiler is an error.
WERROR ?= $(if $(CI),ON,OFF)
BUILD_TOOLS := "scikit-build-core>=0.11" "nanobind>=3.1" "cmake>=3.26" "ninja>=1.11"
INSTALL := $(BIN)/python -m pip install --quiet --no-build-isolation -C cmake.define.SHRINKAGE_WERROR=$(WERROR)
NATIVE := $(shell find native -name '*.[chi]*' -not -name '*.md')
SOURCES := $(NATIVE) $(shell find src -name '*.py' -o -name '*.pyi' -o -name '*.json' -o -name '*.csv') \
           CMakeLists.txt pyproject.toml

.PHONY: demo test torch lint check docs figures bench clean

demo: $(VENV)/installed
	$(BIN)/shrinkage compare example:diabetes --out demo-output
	$(BIN)/shrinkage compare example:breast-cancer --out demo-output/breast-cancer

test: $(VENV)/dev
	$(BIN)/python -m pytest

torch: $(VENV)/torch
	$(BIN)/python -m pytest tests/torch tests/text/test_api.py tests/text/test_examples.py

# The types of the part for PyTorch are checked with it.
lint: $(VENV)/torch
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run -Werror $(filter %.hpp %.cpp %.inc,$(NATIVE))
	$(BIN)/codespell
	cmp build/*/_core.pyi src/shrinkage/_core.pyi  # the stub is that of the compiled module

# A warning is an error; nothing on the site may come from a network.
docs: $(VENV)/docs
	rm -rf build/docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -d build/docs-cache docs build/docs
	$(BIN)/python scripts/check_site.py build/docs

figures: $(VENV)/dev
	$(BIN)/python docs/figures.py

check: $(VENV)/dev torch docs
	PYTHON=$(abspath $(BIN)/python) scripts/check.sh

bench: $(VENV)/bench $(PEERS)/peers/made $(PEERS)/glmstar/made
	$(BIN)/python -m benchmarks --environments $(PEERS) \
	  --results benchmarks/results/peers.jsonl --out benchmarks/results/peers.md $(BENCH)

# The data files of NCI60 and Khan.
$(VENV)/bench: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --no-deps ISLP
	touch $@

$(PEERS)/%/made: benchmarks/environments/%.txt
	$(PYTHON) -m venv $(PEERS)/$*
	$(PEERS)/$*/bin/python -m pip install --quiet --upgrade pip
	$(PEERS)/$*/bin/python -m pip install --quiet -r $<
	touch $@

$(VENV)/made:
	PYTHON=$(PYTHON) scripts/prerequisites.sh
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip $(BUILD_TOOLS)
	touch $@

$(VENV)/installed: $(VENV)/made $(SOURCES)
	$(INSTALL) '.[cli,plot]'
	touch $@

$(VENV)/dev: $(VENV)/installed
	$(INSTALL) '.[dev]'
	touch $@

# The first line brings the build for the CPU where one is offered, before the extra asks for any.
$(VENV)/torch: $(VENV)/dev
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(INSTALL) '.[torch]'
	touch $@

$(VENV)/docs: $(VENV)/torch
	$(INSTALL) '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo-output
