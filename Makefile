# `make train` and `make test` set everything up first. Windows: the README has the plain commands.
PYTHON ?= python3
BIN = .venv/bin
END_TO_END = tests/commands/test_train.py tests/commands/test_train_data.py tests/commands/test_predict.py \
	tests/commands/test_damaged_run.py tests/commands/test_report.py tests/study/inference tests/models/test_keras_private.py

.PHONY: browser train test slow oldest slim jax soak quick recipes lint lessons lessons-write clean

train: .venv/ready
	$(BIN)/python main.py train

test: .venv/ready-dev
	$(BIN)/python -m pytest -m "not slow and not soak" -n 2 --dist loadfile --no-loadscope-reorder

slow: .venv/ready-dev
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile --no-loadscope-reorder

oldest: $(wildcard requirements*.txt)
	rm -rf .venv-oldest
	$$(for one in python3.13 "$$HOME"/.pyenv/versions/3.13.*/bin/python $(PYTHON); do "$$one" -c "" 2>/dev/null && echo "$$one" && break; done) -m venv .venv-oldest
	sed -n 's/^\([a-z0-9-]*\)>=\([0-9.]*\).*/\1==\2/p' requirements.txt requirements-predict.txt > .venv-oldest/constraints.txt
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c .venv-oldest/constraints.txt
	.venv-oldest/bin/python -m pytest --quick -n 2 --dist loadfile
	.venv-oldest/bin/python -m pytest -m "not slow and not soak" -n 2 --dist loadfile --no-loadscope-reorder $(END_TO_END)

# The commands of the small install, in one; it may take 500 MB.
slim: .venv/ready-dev requirements-predict.txt
	rm -rf .venv-slim
	$(BIN)/python -m venv .venv-slim
	.venv-slim/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-predict.txt
	.venv-slim/bin/python benchmarks/install_size.py requirements-predict.txt --most 500
	STUDY_SLIM_PYTHON="$(CURDIR)/.venv-slim/bin/python" $(BIN)/python -m pytest tests/commands/test_slim.py

# Models and trainings on another backend of Keras. What JAX compiles it keeps for the tests that follow: a fifth less time.
jax: export JAX_COMPILATION_CACHE_DIR = $(CURDIR)/.venv/jax-cache
jax: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS = 0
jax: .venv/ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check jax
	rm -rf .venv/jax-cache
	$(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile tests/models/test_jax.py tests/commands/test_on_backends.py tests/commands/test_together.py \
		tests/commands/test_without_tensorflow.py

# Hours. How many cases, positions and kills each promise was tried with is printed: docs/reliability.md.
soak: .venv/ready-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check jax
	STUDY_FUZZ_CASES=10000 $(BIN)/python -m pytest -m soak -s
	$(MAKE) recipes

# The pages of `page` in headless Chromium, where that, its driver and npm are installed.
browser: .venv/ready-dev
	npm install --silent --no-save --no-package-lock onnxruntime-web@1.30.0
	$(BIN)/python -m pytest tests/study/browser

quick: .venv/ready-dev
	$(BIN)/python -m pytest --quick -n 2 --dist loadfile

recipes: .venv/ready-dev
	$(BIN)/python -m pytest -n 2 --every-recipe tests/models/test_networks.py -k as_asked

lint: .venv/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lessons: .venv/ready-dev
	$(BIN)/python notebooks/build.py

lessons-write: .venv/ready-dev
	$(BIN)/python notebooks/build.py --write

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(f"Python 3.11, 3.12 or 3.13 is needed, for which TensorFlow is built. Found: {sys.version.split()[0]}. Try: make PYTHON=python3.12 ...") if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	$(PYTHON) -m venv .venv

.venv/ready: requirements.txt requirements-predict.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/ready-dev: $(wildcard requirements*.txt) | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/ready
