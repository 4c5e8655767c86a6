# Fieldmark. `make run` opens the window, `make test` checks everything; both set the machine up first.

CARGO_FLAGS = --workspace --features custom-protocol

.PHONY: run test bench fuzz soak estimates check format bindings docs pictures package package-test ui \
	setup-run setup-test setup-fuzz setup-package setup-pictures

run: setup-run ui
	scripts/run

# Programs and tests are built together, so that both have the same features and nothing is built twice.
test: setup-test ui check
	cargo build $(CARGO_FLAGS) --bins --tests
	cargo test $(CARGO_FLAGS) --no-fail-fast
	cargo test $(CARGO_FLAGS) --test http --test processes -- --ignored
	cargo test $(CARGO_FLAGS),serve/embedded --lib -- the_windows_files_are_in_the_program
	npm --prefix ui test
	npm --prefix ui run test:components
	npm --prefix ui run test:browser

# What to measure: everything, or what ONLY names of the engine's parts, "publish", "datasets", "gallery",
# "start", "window" and "micro".
MEASURED = $(or $(ONLY),engine publish datasets gallery start window micro)
ENGINE_PARTS = $(filter-out publish datasets gallery start window micro,$(MEASURED))
MICRO_BENCHES = evaluation geometry ledger limiter parse quotes sse

# The run engine, publishing, datasets, the grid, the editor, the start and review in the real window against their goals, and
# single steps of a run (micro); ONLY="classic limits gallery" measures a part. Takes half an hour on a machine that does nothing else.
bench: setup-test ui
ifneq ($(ENGINE_PARTS),)
	cargo build --release --package cli --package fieldmark-tests --bins
	cargo bench --package cli --package fieldmark-tests --bench engine -- $(filter-out engine,$(ENGINE_PARTS))
endif
ifneq ($(filter publish,$(MEASURED)),)
	cargo bench --package fieldmark-tests --bench publish
endif
ifneq ($(filter datasets,$(MEASURED)),)
	cargo bench --package fieldmark-tests --bench datasets
endif
ifneq ($(filter gallery,$(MEASURED)),)
	cargo bench --package store --bench gallery
	cargo build --release --package fieldmark-tests --bin scenes
	PROGRAMS=release npm --prefix ui run bench
endif
ifneq ($(filter start,$(MEASURED)),)
	cargo build --release $(CARGO_FLAGS) --bins
	cargo bench --package fieldmark-tests --bench start
endif
ifneq ($(filter window,$(MEASURED)),)
	cargo build --release $(CARGO_FLAGS) --bins
	cargo bench --package fieldmark-tests --bench window
endif
ifneq ($(filter micro,$(MEASURED)),)
	cargo bench --package domain --package providers --package store --package engine $(addprefix --bench ,$(MICRO_BENCHES))
endif

# What reads untrusted input, for SECONDS in all (an hour), split over the targets of tests/fuzz or those that TARGETS names. Ends
# with an error if an input breaks a promise; the input is then in build/fuzz/failures.
fuzz: setup-fuzz
	SECONDS_IN_ALL=$(or $(SECONDS),3600) TARGETS="$(TARGETS)" scripts/fuzz run

# An hour's work in minutes, or that of HOURS: memory, open files and threads must stay the same. Prints them.
soak: setup-test ui
	cargo build $(CARGO_FLAGS) --bins --tests
	HOURS=$(or $(HOURS),1) cargo test $(CARGO_FLAGS) --test soak -- --ignored --nocapture

# The estimates of every image mix, model and recipe against the simulator's bill: the table of docs/performance.md.
estimates: setup-test
	cargo test $(CARGO_FLAGS) --test estimates -- --ignored --nocapture

check: setup-test ui
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings
	cargo test $(CARGO_FLAGS) --test structure
	cargo deny --log-level error --all-features check bans licenses sources
	npm --prefix ui run check

format:
	cargo fmt --all
	npm --prefix ui run format

# Writes ui/src/api/bindings.ts anew from the declarations of the `api` crate.
bindings:
	UPDATE_BINDINGS=1 cargo test --package api --lib bindings

# Writes the generated pages and tables of docs anew. Transcripts need the programs: CONTRIBUTING.md.
docs:
	UPDATE_DOCS=1 cargo test --package api --package cli --package domain --package engine --package recipes --lib --bins -- docs published
	UPDATE_DOCS=1 cargo test --package datasets --test docs

# Makes the pictures of docs/pictures and the README's recording anew, from the window in a real browser.
pictures: setup-pictures ui
	cargo build --package cli --package fieldmark-tests --bins
	npm --prefix ui run pictures

ui: | ui/node_modules
	npm --prefix ui run build -- --logLevel warn

ui/node_modules:
	scripts/setup run

# The .deb and the .rpm, in build/package.
package: setup-package ui
	scripts/package

# Installs the .deb in a bare Debian root, uses it, removes it and lists what is left, without caches and logs.
package-test: setup-package
	scripts/package-test

setup-run:
	scripts/setup run

setup-package:
	scripts/setup package

setup-test:
	scripts/setup test

setup-pictures:
	scripts/setup pictures

setup-fuzz:
	scripts/setup fuzz
