# Earwitness: every task starts here. Each target does all of its own set-up.
VENV := .venv/bin

.PHONY: setup setup-dev demo demo-window test lint bench-walk bench-voice bench-voice-noise bench-transcript bench-streaming bench-window bench-capture bench-faults bench-echo bench-recorder bench-cascade bench-tactics samples wheels lock clean

setup:
	@packaging/setup.sh run

setup-dev:
	@packaging/setup.sh dev

demo: setup  ## Judge the sample calls and show the verdicts.
	@$(VENV)/earwitness demo

demo-window: setup  ## Play a sample call through the window in real time.
	@$(VENV)/earwitness demo --window

lint: setup-dev
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/pyright
	$(VENV)/lint-imports

test: lint  ## Lint, types, import rules, then every test; windows under Xvfb, sound through PulseAudio.
	QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1600x1200x24" $(VENV)/python -m pytest

bench-walk: setup-dev  ## Cost of each stage of the walk, per second of audio.
	$(VENV)/python -m tests.bench.walk

bench-voice: setup-dev  ## What the voice models cost, beside PyTorch where that can be imported.
	$(VENV)/python -m tests.bench.voice

bench-voice-noise: setup-dev  ## How noise takes the voice judge's evidence away (needs the shared data folder).
	$(VENV)/python -m tests.bench.voice_noise

bench-transcript: setup-dev  ## The built-in recognizer, then live transcripts beside other ways (needs the shared data folder).
	$(VENV)/python -m tests.bench.transcript
	$(VENV)/python -m tests.bench.streaming

bench-streaming: setup-dev  ## The second half of bench-transcript: delay, cost and lag of live transcripts.
	$(VENV)/python -m tests.bench.streaming

bench-window: setup-dev  ## How long the window keeps a person waiting during a call.
	xvfb-run -a -s "-screen 0 1600x1200x24" $(VENV)/python -m tests.bench.window

bench-capture: setup-dev  ## What live capture loses and how late it is with inference flat out (MINUTES=10).
	$(VENV)/python -m tests.bench.capture --minutes $(or $(MINUTES),10)

bench-faults: setup-dev  ## What killed sound servers, removed devices and killed programs take (TIMES=50, KILLS=50).
	$(VENV)/python -m tests.bench.faults --times $(or $(TIMES),50) --kills $(or $(KILLS),50)

bench-echo: setup-dev  ## How well the caller's echo in the microphone is found (needs the shared data folder).
	$(VENV)/python -m tests.bench.echo

bench-recorder: setup-dev  ## What a killed program loses of the recording, and what recording costs.
	$(VENV)/python -m tests.bench.recorder

bench-cascade: setup-dev  ## Cost of a large voice model as a second opinion: STRONG=folder of its pack.
	$(VENV)/python -m tests.bench.cascade $(STRONG) $(FILES)

bench-tactics: setup-dev  ## What a turn costs the rules of the tactics pack.
	$(VENV)/python -m tests.bench.tactics

samples: setup-dev  ## Make the sample calls anew (needs Debian's flite).
	$(VENV)/python -m resources.samples.make_samples

wheels: setup-dev  ## Compare the tests' fakes with the libraries of Windows and macOS, which are downloaded.
	@for wheel in catap:macosx_14_0_universal2 pyaudiowpatch:win_amd64 pycaw:win_amd64; do \
	    locked=$$(grep -o "^$${wheel%%:*}==[^ ]*" packaging/requirements-run.txt) && \
	    $(VENV)/python -m pip download -q --no-deps --only-binary=:all: --platform "$${wheel#*:}" \
	        -d build/wheels "$$locked" || exit 1; \
	done
	EARWITNESS_WHEELS=build/wheels $(VENV)/python -m pytest tests/audio/test_library_signatures.py

lock:  ## Resolve the dependencies anew, for every system and Python at once.
	$(VENV)/python -m pip install -q uv
	$(VENV)/uv pip compile -q --universal -p 3.11 --generate-hashes --no-emit-index-url --no-header \
	    pyproject.toml --group build -o packaging/requirements-run.txt
	$(VENV)/uv pip compile -q --universal -p 3.11 --generate-hashes --no-emit-index-url --no-header \
	    pyproject.toml --group build --group dev -c packaging/requirements-run.txt -o packaging/requirements-dev.txt

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache
