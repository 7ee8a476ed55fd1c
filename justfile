# Bare `just` runs every check.
default: test

# Install into .venv and run every check, as continuous integration does.
test *arguments:
    scripts/test {{arguments}}

# The quick checks while you work.
quick:
    .venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/pytest -m 'not slow' -x

# Let ruff repair what it can.
format:
    .venv/bin/ruff check --fix . ; .venv/bin/ruff format .

# The pages as a site, in site/. Once before: .venv/bin/pip install -c constraints.txt -e '.[docs]'
docs:
    .venv/bin/mkdocs build

# The wheel and the source archive.
build:
    .venv/bin/python -m build
