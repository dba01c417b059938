# make demo   set everything up and run three simulated trials        make test   set everything up and pass every test
# make check  format, lint, types and the ROS-free tests              make setup  only set up (idempotent)
# make faults inject every fault and write docs/faults.md           make docs   write the ladder and the quality checks into docs/
# make bench  run every benchmark and write docs/bench.md           make property   a million control ticks per robot at random
# make test-torch  what needs PyTorch, which it installs (0.9 GB with a build for CPUs)
# make mutation  break gate and admission, and see that a test notices each time      make thorough   other generations of a robot, all profiles and layouts
# make fuzz   a million wrong messages for every decoder of what comes from the network
SHELL := /bin/bash
PYTHON ?= python3
ROS ?= kilted
VENV := .venv
BIN := $(VENV)/bin
# An apt installation of ROS 2 is used where one is sourced, the wheels otherwise. Another choice is another set-up.
CHOICE := $(shell [ -n "$$AMENT_PREFIX_PATH" ] && $(PYTHON) -c 'import rclpy' 2>/dev/null && echo apt || echo $(ROS))
SOURCES := $(shell find ros_wam launch robots calib config executables -type f -not -path '*/__pycache__/*' 2>/dev/null)
export MUJOCO_GL ?= osmesa
# Dozens of processes import the same files: what is compiled once is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-torch check lint bench property mutation faults fuzz thorough docs setup clean system-libraries browser

demo: setup
	$(BIN)/ros-wam eval --robot ur5 --sim --task move_objects_into_box --policy baseline --trials 3 --seed 1 --record-dir runs

INCLUDED := not faults and not thorough and not torch
QUICK := not ros and not vendor and not slow and $(INCLUDED)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint
	$(BIN)/pytest -n auto --dist loadfile -m "$(QUICK)"

# Of what moves the robot and is let near it every line and branch is asked for, by the quick tests alone.
MOVING = $(shell grep -lE "ros_wam.motion|policy.admission|motion_line|policy_world|strategy_world|control_rig|gate_bench" test/test_*.py)
IN_REAL_TIME := (ros or vendor or slow) and not virtual and $(INCLUDED)
STATIONS := test/doctor test/end_to_end test/faults test/ros/test_robot_node.py

# Whole stations in real time run one at a time; a driver with its emulator, or a node, needs one of two cores at most.
test: lint browser
	@echo "The quick tests, first without those that are run under coverage next"
	@$(BIN)/pytest -n auto --dist loadfile -m "$(QUICK)" $(addprefix --ignore=,$(MOVING))
	@$(BIN)/pytest -n auto --dist loadfile -m "$(QUICK)" --cov=ros_wam.motion --cov=ros_wam.policy.admission \
	  --cov-report=term-missing:skip-covered --cov-fail-under=100 $(MOVING)
	$(BIN)/pytest -n auto --dist worksteal -m "virtual and $(INCLUDED)"
	$(BIN)/pytest -n 2 --dist loadfile -m "$(IN_REAL_TIME)" $(addprefix --ignore=,$(STATIONS))
	$(BIN)/pytest -m "$(IN_REAL_TIME)" $(STATIONS)

# As far as pip is offered a build of PyTorch for CPUs (2.13.0+cpu), it takes that one; another choice: TORCH=torch==...
TORCH ?= torch==2.13.0
test-torch: setup $(VENV)/.torch
	$(BIN)/pytest -m torch $$(grep -rl --include='*.py' 'mark\.torch' test)

# openpi's own broker is measured where openpi-client is installed, which needs an environment of its own.
bench: setup $(VENV)-peers/.installed $(VENV)/.torch
	mkdir -p runs/bench
	$(VENV)-peers/bin/ros-wam bench chunk-switch --json > runs/bench/chunk-switch.json
	$(BIN)/ros-wam bench latency --json --out runs/bench/latency.png > runs/bench/latency.json
	$(BIN)/ros-wam bench control --json > runs/bench/control.json
	$(BIN)/ros-wam bench rates --json > runs/bench/rates.json
	$(BIN)/ros-wam bench observation --json > runs/bench/observation.json
	$(BIN)/ros-wam bench client --json > runs/bench/client.json
	$(BIN)/ros-wam bench server --json > runs/bench/server.json
	cp runs/bench/latency.png docs/latency.png
	$(BIN)/python -m ros_wam.bench.document runs/bench docs/bench.md

mutation: setup
	@[ -x $(BIN)/mutmut ] || $(BIN)/python -m pip install -q --disable-pip-version-check "mutmut>=3.8,<3.9"
	$(BIN)/python test/mutation.py

docs: setup
	$(BIN)/python -c 'from pathlib import Path; from ros_wam.ladder import with_table; page = Path("docs/failsafe.md"); page.write_text(with_table(page.read_text()))'
	$(BIN)/python -c 'from pathlib import Path; from ros_wam.quality.page import with_table; page = Path("docs/demonstrations.md"); page.write_text(with_table(page.read_text()))'

faults: setup
	@mkdir -p runs && rm -f runs/faults.json
	FAULTS_JSON=runs/faults.json $(BIN)/pytest test/faults -m slow
	PYTHONPATH=.:test $(BIN)/python test/faults/document.py runs/faults.json
	$(BIN)/pytest test/doctor -m faults

# A million wrong messages for every decoder of what comes from the network.
fuzz: setup
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install -q --disable-pip-version-check "atheris>=3,<4"
	@set -eo pipefail; for name in $$(PYTHONPATH=.:test $(BIN)/python test/fuzz/run.py 2>/dev/null); do \
	  echo "$$name: a million inputs"; \
	  PYTHONPATH=.:test $(BIN)/python test/fuzz/run.py $$name 1000000 2>&1 | grep -vE "^INFO|^#|NEW|REDUCE|DE:|^$$"; done

thorough: setup
	$(BIN)/pytest -m thorough

property: setup
	ROS_WAM_PROPERTY_TICKS=1000000 $(BIN)/pytest -m slow -o log_cli=true -o log_cli_level=INFO test/test_motion_line.py
	$(BIN)/pytest -n auto --hypothesis-profile=default -m "$(QUICK)"

setup: system-libraries $(VENV)/.installed

# A requirement that is new is added to what is there; one that went stays until `make clean`.
$(VENV)/.dependencies-$(CHOICE): setup.py
	@if [ $(CHOICE) = apt ]; then options=--system-site-packages extras=ur,franka,arx5,aloha,realsense,export,bench,dev; else options= extras=ros-$(ROS),ur,franka,arx5,aloha,realsense,export,bench,dev; fi; \
	[ -e $@ ] || $(PYTHON) -m venv --clear $$options $(VENV) \
	  || { echo "python3 -m venv failed: install it with: apt-get install python3-venv"; exit 1; }; \
	echo "Installing the Python packages ($$extras) into $(VENV); up to a minute"; \
	$(BIN)/python -m pip install -q --disable-pip-version-check ".[$$extras]"
	@touch $@

$(VENV)/.installed: $(VENV)/.dependencies-$(CHOICE) $(SOURCES) setup.py setup.cfg package.xml
	@rm -rf build *.egg-info
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --force-reinstall .
	@rm -rf build *.egg-info
	@touch $@

$(VENV)-peers/.installed: $(SOURCES) setup.py setup.cfg package.xml
	@$(PYTHON) -m venv $(VENV)-peers
	@echo "Installing ros_wam with the peers of its benchmarks into $(VENV)-peers"
	@$(VENV)-peers/bin/python -m pip install -q --disable-pip-version-check --force-reinstall ".[peers]"
	@rm -rf build *.egg-info
	@touch $@

$(VENV)/.torch: $(VENV)/.installed
	@[ -e $@ ] || echo "Installing PyTorch into $(VENV); about a minute"
	@$(BIN)/python -m pip install -q --disable-pip-version-check "$(TORCH)"
	@touch $@

# libOSMesa renders without a display, libusb is what the cameras' library loads, and Chromium opens the operator's page.
system-libraries:
	@$(call packages,libosmesa6,ldconfig -p | grep -q libOSMesa)
	@$(call packages,libusb-1.0-0,ldconfig -p | grep -q libusb-1.0)

browser:
	@$(call packages,chromium,command -v chromium)

# $(1): what Debian calls it; $(2): succeeds where it is there
define packages
if ! { $(2); } >/dev/null; then \
  if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; else as=none; fi; \
  if [ "$$as" = none ] || ! command -v apt-get >/dev/null; then \
    echo "$(1) is needed. Install it with: sudo apt-get install $(1)"; exit 1; fi; \
  echo "Installing $(1)"; $$as apt-get update -qq \
    && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; fi
endef

clean:
	rm -rf $(VENV) $(VENV)-peers build mutants *.egg-info
