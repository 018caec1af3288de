# svstoolkit: `make demo` hears it sing, `make test` checks it. Both make the environment first, once.
PYTEST := tools/venv/bin/python -m pytest
# A process per core, each with one thread, and every test file in one of them
PARALLEL := OMP_NUM_THREADS=1 $(PYTEST) -n auto --maxprocesses 8 --dist loadfile

.PHONY: help env demo test test-slow test-mfa lint bench recipe clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 24

env:  ## the virtual environment, tools/venv
	@$(MAKE) --no-print-directory -C tools

demo: env  ## all nine stages on the embedded corpus, ending in a page to listen to
	@cd egs/mini && ./run.sh --nj $$(nproc)
	@echo "Open egs/mini/exp/score/index.html in a browser."

test: env lint  ## unit tests, and egs/mini end to end in small
	$(PARALLEL) -m "not slow"

test-slow: env  ## long fuzz, fault and cluster runs; those on Slurm after `make -C tools slurm`
	$(PYTEST) -m slow

test-mfa: env  ## stage 1 with the real Montreal Forced Aligner (make -C tools mfa), or MFA="conda run -n mfa mfa"
	SVS_MFA="$(or $(MFA),mfa)" $(PYTEST) -m mfa tests/bin/test_align_mfa.py

lint: env  ## ruff, import layers
	tools/venv/bin/ruff check .
	tools/venv/bin/ruff format --check .
	tools/venv/bin/lint-imports --no-logo

bench: env  ## speed: writes bench/results.json; needs egs/mini's models (make demo)
	tools/venv/bin/python bench/run.py

recipe:  ## a new recipe: make recipe NAME=mycorpus [FROM=opencpop]
	@utils/new_recipe.sh "$(NAME)" "$(or $(FROM),mini)"

clean:  ## removes what the recipes made, keeps the environment
	rm -rf egs/*/data egs/*/dump egs/*/exp egs/*/downloads bench/results.json
