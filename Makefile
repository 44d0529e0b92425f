# make demo     install into .venv if needed, then serve the page at http://127.0.0.1:7860 (PORT=, HOST= override)
# make test     install into .venv if needed, then run the whole suite
# make web      build the page without a server into web/dist (needs Node 20); make web-serve shows it (PORT=)
PYTHON ?= python3
PORT ?= 7860
HOST ?= 127.0.0.1
PY := .venv/bin/python
SHOWN := assets/samples/conveyor.mp4 assets/lab/closer.mp4 assets/lab/streaming_right.mp4
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
# Both OpenCV packages write the folder cv2/. The headless one goes last: it needs no libGL on the machine.
HEADLESS := $(PIP) --force-reinstall --no-deps $(shell grep -o "^opencv-python-headless.*" requirements.txt)

.PHONY: demo test test-long lint samples figures compare page-picture cards web web-serve

demo: .venv/.demo
	TDN_LOCAL_PATHS=$(if $(filter 127.0.0.1,$(HOST)),$${TDN_LOCAL_PATHS:-1},0) $(PY) app.py --host $(HOST) --port $(PORT)

# Two test processes of one thread each; files stay whole, so that each of them makes its fixtures once.
test: .venv/.dev
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -m "not long" -n 2 --dist loadfile

test-long: .venv/.dev
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile

# SOURCES: a folder with the published videos that filmed samples are cut from; without it those stay as they are.
samples: .venv/.demo
	$(PY) -m assets.make_samples $(SOURCES)

# The paper's figures with the shipped weights, for docs/explaining.md.
figures: .venv/.demo
	$(PY) -m tdn figures $(SHOWN) --kind 4 --out runs/figures
	$(PY) -m tdn figures $(SHOWN) --kind 5 --method xgradcam --out runs/figures
	$(PY) -m tdn figures $(SHOWN) --kind 6 --out runs/figures
	for kind in 4 5 6; do \
	  $(PY) -c "from PIL import Image; p = Image.open('runs/figures/figure-$$kind.png').convert('RGB'); \
	  p.thumbnail((1600, 1600)); p.save('docs/figure-$$kind.jpg', quality=88)"; \
	done

# Two kinds of networks on one clip, for docs/networks.md.
compare: .venv/.demo
	$(PY) -m tdn explain assets/samples/conveyor.mp4 --layers res2,final,layer1,layer4 --out runs/compare \
	  --baseline "torchvision:r2plus1d_18?weights=none"
	$(PY) -c "from PIL import Image; p = Image.open('runs/compare/figure.png').convert('RGB'); \
	p.thumbnail((1600, 1600)); p.save('docs/compare.jpg', quality=80)"

page-picture: .venv/.dev
	$(PY) -m assets.make_page_picture

# The pictures that shared links show.
cards: .venv/.dev
	$(PY) -m assets.make_cards

lint: .venv/.dev
	.venv/bin/ruff format --check . && .venv/bin/ruff check .

$(PY):
	$(PYTHON) -m venv .venv

.venv/.demo: requirements.txt | $(PY)
	$(PIP) -r requirements.txt
	$(HEADLESS)
	touch $@

.venv/.dev: requirements.txt requirements-dev.txt requirements-extra.txt | $(PY)
	$(PIP) -r requirements-dev.txt
	$(HEADLESS)
	touch $@ .venv/.demo

# The page without a server, in web/dist: networks as graphs, then npm for the rest.
web: .venv/.web
	$(PY) -m tdn export-web --out web/networks
	$(PY) -m app.lab.for_browser --out web/networks
	cd web && npm ci --silent --no-audit --no-fund && node build.mjs

web-serve:
	$(PY) -m http.server --bind 127.0.0.1 --directory web/dist $(PORT)

.venv/.web: requirements-web.txt .venv/.demo
	$(PIP) -r requirements-web.txt
	touch $@
