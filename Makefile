# Breakeven's commands. Each is one line here; what it does is in scripts/.
PORT ?=
export PORT
PYTHON := .venv/bin/python

.PHONY: chaos-records help setup run test check lock demo demo-remove bench accuracy chaos chaos-prices bench-prices

help: ## Say what each command does
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: ## Make everything that running needs: .venv, system libraries, database, prices, demo
	@scripts/setup.sh

run: ## Start Breakeven on http://127.0.0.1:8000 (make run PORT=9000 for another port)
	@exec scripts/run.sh

test: ## Run all tests, on SQLite and, where they answer, on PostgreSQL and Redis
	@scripts/setup.sh tests
	@exec $(PYTHON) scripts/test.py

check: ## Run all tests and every check of style, types, imports, templates and settings
	@scripts/setup.sh tests
	@exec $(PYTHON) scripts/check.py

lock: ## Write requirements.txt and requirements-dev.txt anew from the two .in files
	@scripts/lock.sh

demo: ## Load the demo's teams again
	@scripts/setup.sh
	@$(PYTHON) manage.py load_demo

demo-remove: ## Remove the demo's teams, people and decisions
	@$(PYTHON) manage.py remove_demo

bench: ## Measure pages, evaluation and rendering; print the table of the README
	@scripts/setup.sh tests
	@exec $(PYTHON) scripts/bench.py

chaos: ## Kill workers, clocks and servers, race signers: is anything lost, twice or overwritten?
	@scripts/setup.sh tests
	@$(PYTHON) scripts/chaos.py
	@exec $(PYTHON) scripts/own_servers.py scripts/chaos.py

chaos-prices: ## Let price sources answer wrongly in every way, lead them astray, send them bombs
	@scripts/setup.sh tests
	@exec $(PYTHON) scripts/chaos_prices.py

bench-prices: ## Measure how fast prices get into the book
	@scripts/setup.sh tests
	@exec $(PYTHON) scripts/bench_prices.py

accuracy: ## Compare the capacity model with public measurements
	@scripts/setup.sh
	@$(PYTHON) manage.py accuracy

chaos-records: ## Kill workers that make records, tamper with signed files, measure both
	@scripts/setup.sh tests
	@$(PYTHON) scripts/chaos_records.py
