# make help lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORK := work_dirs/quickstart
DEMO := work_dirs/demo
GENERATION := work_dirs/toy_generation
CONFIG := configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py
REQUIREMENTS := $(addprefix requirements/,\
    stack.txt stack_mm.txt constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help env quickstart demo toy-generation test test-all lint clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' \
	    $(MAKEFILE_LIST)

env: $(STAMP)  ## make the environment .venv (PYTHON=... chooses 3.10 or 3.11)

$(STAMP): $(REQUIREMENTS) setup.py
	@command -v $(PYTHON) > /dev/null || { \
	    echo "error: $(PYTHON) is not there: install Python 3.11, or name" \
	    "one by make env PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] \
	    not in ((3, 10), (3, 11)))' || { \
	    echo "error: $$($(PYTHON) --version 2>&1) does not fit:" \
	    "xtcocotools has wheels for Python 3.10 and 3.11 only; name one by" \
	    "make env PYTHON=python3.11" >&2; exit 2; }
	@echo "== environment in $(VENV): about 2 GB and two minutes, more" \
	    "where pip takes the CUDA build of torch"
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check \
	    -r requirements/stack.txt -c requirements/constraints.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
	    -r requirements/stack_mm.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
	    --no-build-isolation -e .
	@touch $@

quickstart: $(STAMP)  ## train, evaluate and draw RMPG on people it renders
	@echo "== 1/4 render the toy people"
	$(BIN)/python tools/dataset/make_toy_human.py data/toyhuman --workers 2
	@echo "== 2/4 train a small pose network with RMPG"
	$(BIN)/python tools/train.py $(CONFIG) --work-dir $(WORK)
	@echo "== 3/4 evaluate it and draw its predictions"
	$(BIN)/python tools/test.py $(CONFIG) "$$(cat $(WORK)/last_checkpoint)" \
	    --work-dir $(WORK) --out $(WORK)/metrics.json \
	    --show-dir $(WORK)/pictures --interval 10
	@echo "== 4/4 done"
	@cat $(WORK)/metrics.json; echo
	@echo "metrics   $(WORK)/metrics.json"
	@echo "log       $$(ls $(WORK)/*/*.log | tail -2 | head -1)"
	@echo "picture   $(WORK)/pictures/contact_sheet.png (truth | prediction)"
	@echo "next      $(BIN)/python tools/train.py" \
	    "configs/rmpg/simplebaseline_toy_toyhuman.py  # the baseline"

demo: $(STAMP)  ## generate people in given poses by the toy KB-DMGen
	$(BIN)/python tools/generate.py --model configs/kb_dmgen/kbdmgen_toy.py \
	    --checkpoint weights/toy_kbdmgen.safetensors \
	    --jobs demo/people.jsonl --batch-size 8 --columns 2 --out $(DEMO)

toy-generation: $(STAMP)  ## train variants of KB-DMGen and judge them
	@echo "== four arms of one seed, about 45 minutes on two cores; the same" \
	    "command goes on where it was interrupted"
	$(BIN)/python tools/benchmark/generation_toy.py run --jobs 2 \
	    --arms base controlnet stablepose kbdmgen --seeds 0 \
	    --iters 2500 --batch-size 8 --guidance 1 2 --num-images 300 \
	    --work-dir $(GENERATION) --out $(GENERATION)
	$(BIN)/python tools/benchmark/generation_toy.py report \
	    --out $(GENERATION)
	@echo "report    $(GENERATION)/generation_toy.md"

test: $(STAMP)  ## run the tests, but for those that take long
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile \
	    -m 'not slow'

test-all: $(STAMP)  ## run every test, the whole networks included
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(STAMP)  ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:  ## remove the environment and what quickstart and demo made
	rm -rf $(VENV) data/toyhuman $(WORK) $(DEMO)
