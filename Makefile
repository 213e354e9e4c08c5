# `make demo` searches on digits; `make test` proves the project; `make check` reads it. Each sets up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORE ?= nasflow-store
# Small networks: more threads than work only wait for each other.
export OMP_NUM_THREADS ?= 1
# The image, see docs/image.md.
DOCKER ?= docker
IMAGE ?= nasflow
VERSION = $(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' src/nasflow/base/version.py)
TAG ?= $(VERSION)
BASE_IMAGE ?= python:3.11-slim
# The address of PyTorch's wheels for CPUs (or for another CUDA); empty: the registry's own, with CUDA.
TORCH_INDEX ?=
PIP_ARGUMENTS ?=
FROM_WHERE = $(strip $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) $(PIP_ARGUMENTS))
AUDIT := build/audit/bin/pip-audit

.PHONY: demo test test-long fuzz test-cluster e2e kind-up kind-down check release docs bench study against-optuna image image-gpu hashes audit clean

$(BIN)/nasflow: pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: $(BIN)/nasflow
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

# ARM=eas (or n2n, nas, joint, evolution, random, ...) searches in another way: nasflow compare --help.
demo: $(BIN)/nasflow
	$(BIN)/nasflow $(if $(ARM),compare --arms $(ARM) --seeds 1,search) examples/digits.yaml --store $(STORE)

check: $(VENV)/.dev build/rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What setup.py says to pip, in the one form that mypy reads.
build/rooms: setup.py
	mkdir -p $@/nasflow
	ln -sfn ../../../components ../../../pipelines $@/nasflow
	touch $@

# In the order of the files, what takes longest first: tests/tracking in one piece (tests/conftest.py), then tests/backends.
test: $(VENV)/.dev
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

# Searches killed at many points.
test-long: $(VENV)/.dev
	$(BIN)/pytest -m long --numprocesses 2

# 10,000 hostile inputs: configurations, cells, documents, weights, addresses; `make test-long` has them too.
# FUZZ_INPUTS=100000 gives as many others.
fuzz: $(VENV)/.dev
	$(BIN)/pytest -m long --numprocesses 2 --durations 7 tests/fuzz

# Docker, Kubernetes, Kubeflow, kind: each that is not there is skipped with its reason, see docs/cluster.md.
test-cluster: $(VENV)/.dev
	tests/cluster/run

# One search on the Kubeflow of NASFLOW_KFP_HOST, or of the cluster that KUBECONFIG names.
e2e: $(VENV)/.dev
	KUBECONFIG="$${KUBECONFIG:-$$HOME/.kube/config}" $(BIN)/pytest -m cluster -rs tests/cluster/test_e2e.py

kind-up: TAG = test
kind-up: image
	NASFLOW_IMAGE='$(IMAGE):$(TAG)' tests/cluster/kind up

kind-down:
	tests/cluster/kind down

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# The pages of docs/ as a site in build/site.
docs: $(VENV)/.dev
	$(BIN)/nasflow reference docs/reference
	$(BIN)/zensical build --strict

# Hours of training, see docs/results.md.
study: $(BIN)/nasflow
	$(BIN)/nasflow compare examples/fashion-study.yaml --arms path,random --seeds 5 --store study-store --output docs/study

# Hours too: against Optuna, on the same processor time.
against-optuna: $(VENV)/.dev
	$(BIN)/python -m benchmarks.against_optuna examples/against-optuna.yaml --output docs/optuna

# The changes of changes/ go into CHANGELOG.md, and the commit gets its tag: make release VERSION=1.2.3
release: $(VENV)/.dev
	test -z "$$(git status --porcelain)" # nothing but the release goes into its commit
	sed -i 's/^VERSION = ".*"/VERSION = "$(VERSION)"/' src/nasflow/base/version.py
	$(BIN)/towncrier build --yes --version '$(VERSION)'
	git commit --all --message 'Version $(VERSION)'
	git tag --annotate 'v$(VERSION)' --message 'Version $(VERSION)'

image image-gpu:
	$(DOCKER) build --file images/Dockerfile --tag '$(IMAGE):$(TAG)$(SUFFIX)' \
		--build-arg VARIANT=$(VARIANT) \
		--build-arg BASE_IMAGE='$(BASE_IMAGE)' \
		--build-arg PIP_ARGUMENTS='$(FROM_WHERE)' \
		--build-arg VERSION='$(VERSION)' \
		--build-arg REVISION='$(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null)' \
		.

image: VARIANT = cpu
image-gpu: VARIANT = gpu
image-gpu: SUFFIX = -gpu

# Which files the image is made of, by hash: from then on `make image` takes no others, see docs/image.md.
hashes:
	$(DOCKER) build --file images/Dockerfile --target requirements --tag '$(IMAGE):requirements' \
		--build-arg BASE_IMAGE='$(BASE_IMAGE)' .
	mkdir -p build
	$(DOCKER) run --rm '$(IMAGE):requirements' sh -c 'python3 -m venv /tmp/pip \
		&& /tmp/pip/bin/python /hashes.py /requirements.txt /constraints.txt $(FROM_WHERE)' > build/hashes.txt
	mv build/hashes.txt hashes.txt

# Known vulnerabilities of what constraints.txt pins. A database that does not answer for each of them is a failure too.
audit: $(AUDIT)
	$(AUDIT) --strict --disable-pip --no-deps --requirement constraints.txt

$(AUDIT):
	$(PYTHON) -m venv build/audit
	build/audit/bin/pip install --quiet pip-audit==2.10.1

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
