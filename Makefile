# Two commands: `make run` and `make test`. Both do all set-up, leave the system alone and can be run
# again at any time. Nothing but Python 3.11 or newer, make and git is needed.

PORT ?= 8000
ARGS ?=

UV_VERSION := 0.13.9
PY := .venv/bin/python
READY := .venv/.ready

# What the caller's shell knows of other projects is not ours.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME DJANGO_SETTINGS_MODULE
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
# As pip does: trust whom this machine trusts, such as an office's own proxy.
export UV_SYSTEM_CERTS := 1
export UV_PROJECT_ENVIRONMENT := .venv
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test chaos check audit bench format pictures setup clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PORT=8001 moves the site; ARGS='-k roster' picks tests."

# A try-out stands on the embedded defaults: it never touches a database that the shell happens to name.
DEMONSTRATION := env -u DATABASE_URL -u REDIS_URL -u EMAIL_URL -u STORAGE_URL -u ALLOWED_HOSTS \
	-u SECRET_KEY -u SIGNING_KEY -u DEBUG DEMO=1 SITE_URL=http://localhost:$(PORT) LOG_LEVEL=WARNING

run: $(READY) ## Serve the demonstration at http://127.0.0.1:8000, all on this machine
	@exec $(DEMONSTRATION) $(PY) manage.py serve --port $(PORT) --first \
		"migrate --verbosity 0" "collectstatic --no-input --verbosity 0" load_places demo

# The second run has PostgreSQL and Redis of its own beside it; where they are not installed it says so.
# It leaves out what asks neither of them, and finding nothing of what ARGS picks (5) is no failure.
test: check ## Run every check and the whole test suite, on SQLite and on PostgreSQL with Redis
	@$(PY) -m pytest $(ARGS)
	@$(PY) -m tests.house.servers $(PY) -m pytest -m "not once" $(ARGS) || test $$? -eq 5

chaos: $(READY) ## Kill, stop and fill everything fifty times under load, and count what is left
	@$(PY) -m chaos $(ARGS)

check: $(READY) ## Lint, types, layers, templates, migrations; no tests
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet . || { echo "make format would mend that."; exit 1; }
	@.venv/bin/djade --check --target-version 5.2 $$(git ls-files --cached --others --exclude-standard 'templates/*.html') \
		|| { echo "make format would mend that."; exit 1; }
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-logo
	@ground=$$(mktemp -d) && trap 'rm -rf "$$ground"' EXIT && export VAR_DIR="$$ground" \
		&& $(PY) -m mypy \
		&& $(PY) manage.py makemigrations --check --dry-run \
		&& $(PY) manage.py check

audit: $(READY) ## Ask the advisory databases about every locked dependency
	@$(PY) -m tests.house.audit

bench: $(READY) ## Measure; ARGS="pages sending --messages 20000" picks (docs/performance.md)
	@$(PY) -m bench $(ARGS)

format: $(READY) ## Format code and templates
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .
	@.venv/bin/djade --target-version 5.2 $$(git ls-files --cached --others --exclude-standard 'templates/*.html') || true

pictures: $(READY) ## Take the README's pictures anew, from a fresh demonstration
	@$(PY) docs/take_pictures.py $(ARGS)

setup: $(READY) ## Only make .venv

clean: ## Remove .venv; var/ with its data stays
	rm -rf .venv

# The mark is younger than the lock file exactly when .venv holds what the lock file says.
$(READY): pyproject.toml uv.lock Makefile
	@python=; for try in python3 python3.13 python3.12 python3.11 python3.14 python; do \
		if command -v $$try >/dev/null 2>&1 \
			&& $$try -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$try; break; fi; done; \
	if [ -z "$$python" ]; then \
		echo "Storybank needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || echo none)." >&2; \
		echo "On Debian or Ubuntu: sudo apt install python3 python3-venv" >&2; exit 1; fi; \
	if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$python cannot make virtual environments: a part of it is not installed." >&2; \
			echo "On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; fi; \
		echo "Making .venv with $$($$python --version) ..."; \
		$$python -m venv --clear .venv || exit 1; fi; \
	if [ "$$(.venv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$(UV_VERSION)" ]; then \
		echo "Installing uv $(UV_VERSION) into .venv ..."; \
		.venv/bin/python -m pip install --quiet "uv==$(UV_VERSION)" \
			|| { echo "pip could not fetch uv: is this machine online?" >&2; exit 1; }; fi; \
	echo "Installing what uv.lock says ..."; \
	.venv/bin/uv sync --frozen --quiet --python .venv/bin/python \
		|| { echo "uv could not fetch the packages: is this machine online?" >&2; exit 1; }
	@touch $@
