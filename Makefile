# make lab    everything from a fresh clone to JupyterLab on the first lesson
# make test   everything from a fresh clone to all checks and tests
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
NPM    := .cache/node_modules/axe-core/axe.min.js
GRADERS := .cache/graders
# What the tests compare us with, and what they look with. Only Debian's own packages, by name.
DEBS   := busybox-static graphviz chromium skopeo umoci oci-image-tool docker-registry crun mmdebstrap \
          uidmap slirp4netns strace apache2-utils libcap2-bin openssh-client git podman buildah runc
# For `make vm` alone, and large.
VMDEBS := qemu-system-x86 mmdebstrap

.DEFAULT_GOAL := help
.PHONY: help setup lab demo test check format bench soak fuzz vm docs gallery system clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys, venv, ensurepip; assert sys.version_info >= (3, 11)' 2>/dev/null || { \
	  echo "pydock_lab needs Python 3.11 or newer with venv (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml hatch_build.py | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,docs]'
	@touch $@

setup: $(STAMP)  ## prepare .venv, with `pydock` in it

lab: setup  ## JupyterLab on the first lesson
	$(BIN)/pydock lab lessons

demo: setup  ## the main job in the terminal: build, run, push, pull back, run again
	$(BIN)/python -m demo

# As root on Debian, install what is missing; elsewhere say what is missing: the tests that need it skip, and say so.
system:
	@missing=$$(for p in $(DEBS); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else echo "not installed, the tests that need them are skipped:" $$missing; fi

$(NPM):
	@if command -v npm >/dev/null; then npm install --silent --no-fund --no-audit --prefix .cache axe-core; \
	else echo "npm is not installed: the accessibility tests are skipped"; fi

# nbgrader and Otter: what $(VENV) has is found there, and the 180 MB that they add are not seen from it.
$(GRADERS)/.installed: $(VENV)/.test
	@$(BIN)/python -m venv --without-pip $(GRADERS)
	@where='import sysconfig; print(sysconfig.get_path("purelib"))'; \
	{ $(BIN)/python -c "$$where"; pwd; } > "$$($(GRADERS)/bin/python -c "$$where")/project.pth"
	@if $(BIN)/python -m pip --python $(GRADERS)/bin/python install --quiet --disable-pip-version-check --no-compile \
	  nbgrader otter-grader; then touch $@; \
	else echo "nbgrader and Otter cannot be had: the tests that grade with them are skipped"; fi

test: system $(VENV)/.test $(NPM) $(GRADERS)/.installed check docs  ## all checks and tests
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST)

check: $(VENV)/.test  ## ruff, formatting, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test  ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.test  ## the documentation, warnings are errors
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html

gallery: $(VENV)/.test  ## every drawing in both themes, in docs/gallery
	$(BIN)/python docs/gallery_pages.py docs/gallery

bench: $(VENV)/.test  ## side by side with other engines
	$(BIN)/python -m benchmarks run
	$(BIN)/python -m benchmarks import
	$(BIN)/python -m benchmarks build
	$(BIN)/python -m benchmarks registry
	$(BIN)/python -m benchmarks widgets

soak: $(VENV)/.test  ## the long form of what `make test` does in short: kills, thousands of runs
	PYDOCK_SOAK=1 $(BIN)/python -m pytest -q tests -m soak --timeout 0

fuzz: $(VENV)/.test  ## the long form of the fuzz tests
	PYDOCK_FUZZ=1 $(BIN)/python -m pytest -q tests -m fuzz --timeout 0

vm: DEBS := $(VMDEBS)
vm: system $(VENV)/.test  ## limits on a kernel with cgroup version 2, in a machine of its own (qemu; some minutes)
	$(BIN)/python -m pytest -q tests/vm -m vm

clean:  ## remove what was made
	rm -rf $(VENV) .cache docs/_build docs/gallery .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
