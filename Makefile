# make demo     install into .venv if needed, then serve the page at http://127.0.0.1:7860 (PORT=, HOST= override)
# make test     install into .venv if needed, then run the whole suite
PYTHON ?= python3
PORT ?= 7860
HOST ?= 127.0.0.1
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# Both OpenCV packages write the folder cv2/. The headless one goes last: it needs no libGL on the machine.
HEADLESS := $(PIP) --force-reinstall --no-deps $(shell grep -o "^opencv-python-headless.*" requirements.txt)

.PHONY: demo test test-long lint samples example

demo: .venv/.demo
	$(PY) app.py --host $(HOST) --port $(PORT)

test: .venv/.dev
	$(PY) -m pytest -q -m "not long"

test-long: .venv/.dev
	$(PY) -m pytest -q

samples: .venv/.demo
	$(PY) -m assets.make_samples

example: .venv/.demo
	$(PY) -m tdn explain assets/samples/spinning_counter_clockwise.mp4 --out runs/example
	$(PY) -c "from PIL import Image; p = Image.open('runs/example/figure.png').convert('RGB'); \
	p.thumbnail((1600, 1600)); p.save('docs/example.png', optimize=True)"

lint: .venv/.dev
	.venv/bin/ruff format --check . && .venv/bin/ruff check .

$(PY):
	$(PYTHON) -m venv .venv

.venv/.demo: requirements.txt | $(PY)
	$(PIP) -r requirements.txt
	$(HEADLESS)
	touch $@

.venv/.dev: requirements.txt requirements-dev.txt | $(PY)
	$(PIP) -r requirements-dev.txt
	$(HEADLESS)
	touch $@ .venv/.demo
