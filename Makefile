# What there is to do here; `make` alone says it. Every target uses one target folder and one profile.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The toolchain of rust-toolchain.toml, or the installed stable one when it is the same release.
channel := $(shell sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
release := $(basename $(channel))
ifndef RUSTUP_TOOLCHAIN
ifeq ($(shell rustup toolchain list 2>/dev/null | grep -c '^$(channel)'),0)
ifneq ($(findstring rustc $(release).,$(shell rustup run stable rustc --version 2>/dev/null)),)
export RUSTUP_TOOLCHAIN := stable
endif
endif
endif

.PHONY: help demo build test test-compose fmt lint doc nats clients model up deny chaos mutations mutants sbom offline fuzz pictures instructions functions bench bench-tidy bench-share bench-meaning bench-search bench-night bench-library

help: ## Say what there is
	@echo 'make <what>:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null || grep -h ' ## ' $(MAKEFILE_LIST)

demo: nats build ## Run a whole night over examples/ in a fresh folder and show what came of it
	examples/demo.sh

build: ## Build the three services and the program commune
	cargo build --locked --workspace --bins

# All targets at once, so that the programs the tests run are built with the tests' own features, and once.
test: nats clients ## Run every test, on a real NATS server, and count them
	cargo build --locked --workspace --all-targets
	@mkdir -p target && rm -f target/test-summary
	@set -o pipefail; \
	cargo test --locked --workspace --no-fail-fast 2>&1 | tee target/test.log; status=$$?; \
	sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' target/test.log \
		| awk '{ passed += $$1; failed += $$2 } END { printf "%d passed, %d failed\n", passed, failed }' \
		| tee target/test-summary; \
	exit $$status

test-compose: nats build ## Bring deploy/compose.yaml up in containers, run nights in it, break it, stop it (PARTS="single cluster"; needs an engine of Docker, or root to start one)
	deploy/test-compose $(PARTS)

fmt: ## Format the sources
	cargo fmt --all

lint: ## Check the format and the lints
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings

doc: ## Build the documentation; a warning is an error
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

chaos: nats build ## Faults of every kind, then a look at what was promised (SEED=1 MINUTES=1 SERVERS=1, or 3)
	CHAOS_SEED=$(or $(SEED),1) CHAOS_MINUTES=$(or $(MINUTES),1) CHAOS_SERVERS=$(or $(SERVERS),1) \
		cargo test --locked -p commune-tests --test chaos nothing_is_lost -- --nocapture

mutations: nats ## Break the commune on purpose, and see what the chaos checker says (SEED=7 MINUTES=1)
	tests/chaos/mutations/run.sh

# The whole list takes hours: SHARD=k/n takes every n-th mutant, beginning with the k-th.
mutants: ## Change the pure rules one by one, and see whether their tests notice (SHARD=0/24; needs cargo-mutants)
	CARGO_TARGET_DIR=$(CURDIR)/target/mutants cargo mutants --sharding round-robin --shard $(or $(SHARD),0/24) -o target

deny: ## Check licences, sources and known vulnerabilities of what we depend on (needs cargo-deny)
	.ci/deny

sbom: ## Write what each program is made of, as CycloneDX, into target/sbom (needs cargo-cyclonedx)
	cargo cyclonedx --quiet --format json --describe binaries --target all
	@mkdir -p target/sbom && find . -path ./target -prune -o -name '*_bin.cdx.json' -print0 | xargs -0 -I{} mv {} target/sbom/ && ls target/sbom

# No build script may reach the network: what the lock file names is all that a build takes.
offline: ## Build everything with the network cut off, after the sources were fetched (Linux)
	cargo fetch --locked
	CARGO_TARGET_DIR=$(CURDIR)/target/offline unshare --map-root-user --net \
		cargo build --locked --offline --workspace --all-targets

instructions: ## Count the instructions of the pure hot functions, and hold them against what they took before (needs valgrind)
	cargo build --locked --workspace --all-targets
	target/debug/bench-instructions

functions: ## Measure the pure hot functions by the clock
	cargo bench --locked -p commune-bench --bench functions

# The programs as images hold them. Once they are built it takes under 15 minutes on two cores.
bench: nats ## Measure what a night, a note, a search and a call cost, each beside its yardstick in the same run
	cargo build --locked --release -p selfcare -p mutualaid -p librarian -p commune-bench \
		--bin selfcare --bin mutualaid --bin librarian --bin bench-night --bin bench-search
	target/release/bench-night --rounds 3
	target/release/bench-search speed calls

bench-tidy: ## Measure what tidying finds, what it merges wrongly and what it costs, on the labelled sets
	cargo run --locked -p commune-bench --bin bench-tidy

bench-share: nats build ## Measure what sharing holds, costs of a night, and where it places, on the labelled sets
	cargo run --locked -p commune-bench --bin bench-share

bench-meaning: ## Measure what it costs to find the nearest of many vectors, and what is missed, on the labelled sets
	cargo run --locked --release -p commune-bench --bin bench-meaning

bench-search: nats build ## Measure how good and how fast search is, through the librarian, on the labelled sets
	target/debug/bench-search $(PARTS)

# What is measured is this profile; `--release` of all programs and of this one measures what images hold.
bench-night: nats build ## Measure what a night costs end to end, beside JetStream alone (PARTS="accept tracing --rounds 3")
	target/debug/bench-night $(PARTS)

bench-library: ## Measure what the nightly checks find and mend in 2,000 pages with planted faults, and what they mend wrongly
	cargo run --locked -p commune-bench --bin bench-library

# What was found stays in the corpus, where the next run begins.
fuzz: ## Feed TARGET=intake (markdown, front_matter, event) with what nobody would write, for SECONDS=300 (needs cargo-fuzz, nightly)
	@mkdir -p target/fuzz/corpus/$(or $(TARGET),intake)
	cd fuzz && CARGO_TARGET_DIR=$(CURDIR)/target/fuzz/build RUSTUP_TOOLCHAIN=nightly cargo fuzz run $(or $(TARGET),intake) \
		$(CURDIR)/target/fuzz/corpus/$(or $(TARGET),intake) -- -max_total_time=$(or $(SECONDS),300) -max_len=65536

pictures: nats clients build ## Take the pictures of docs/pictures again, from a real run (needs chromium, prometheus and pngquant)
	node docs/pictures/take.mjs $(PICTURES)

nats: ## Install the pinned nats-server into .tools, unless NATS_SERVER names one
	@[ -n "$$NATS_SERVER" ] || deploy/install-nats-server.sh

clients: ## Install the clients that stories and examples drive the commune with into .tools, where they can be had
	@tests/e2e/mcp/install-clients.sh

model: ## Fetch the transformer that a librarian may embed with into .tools/model
	@deploy/install-model.sh

up: nats build ## Run a commune on this machine until Ctrl-C
	target/debug/commune up
