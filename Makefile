# SPDX-License-Identifier: Apache-2.0
# The commands people type; each works alone on a fresh machine. What they do is in scripts/ and CMakePresets.json.
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
RUN_ONLY = -DWEFT_BUILD_TESTS=OFF -DWEFT_BUILD_BENCHMARKS=OFF -DWEFT_PRECOMPILE=ON

.PHONY: help run mini-redis test story bench format check install clean

help: ## says what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 19

run: ## starts a web page that shows the running program from inside, on 127.0.0.1:8000
	scripts/setup run
	cmake --preset release $(RUN_ONLY)
	cmake --build --preset release --target showcase -j$(JOBS)
	@exec build/release/examples/apps/showcase/showcase

mini-redis: ## starts the Redis-compatible server on 127.0.0.1:6380
	scripts/setup run
	cmake --preset release $(RUN_ONLY)
	cmake --build --preset release --target mini_redis -j$(JOBS)
	@exec build/release/examples/apps/mini_redis/mini_redis --port 6380

test: ## builds everything and runs all tests
	scripts/setup test
	cmake --preset dev
	cmake --build --preset dev -j$(JOBS)
	ctest --preset dev -j$(JOBS)

story: ## plays how async/await came about, in small programs (LANG=zh: in Chinese)
	scripts/setup run
	cmake --preset release $(RUN_ONLY)
	cmake --build --preset release --target story -j$(JOBS)
	@scripts/story build/release/examples/story

bench: ## measures, beside the peers
	scripts/setup bench
	cmake --preset release
	cmake --build --preset release -j$(JOBS)
	@for each in $(wildcard bench/*_bench.cpp); do build/release/$${each%.cpp} || exit; done
	@for each in $(wildcard bench/run_*.py); do $$each --build build/release || exit; done

format: ## formats every C++ file
	scripts/setup check
	scripts/format

check: ## the house rules, the cost of headers, the format
	scripts/setup check
	tools/tidy.py
	tools/header_check.py
	scripts/format --check

install: ## installs the library and the weft command under PREFIX (/usr/local)
	scripts/setup run
	cmake --preset release $(RUN_ONLY) -DWEFT_BUILD_EXAMPLES=OFF -DWEFT_BUILD_TOOLS=ON -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	cmake --build --preset release -j$(JOBS)
	cmake --install build/release

clean: ## removes the build folder
	rm -rf build
