#!/usr/bin/env bash
# Writes the two requirements files anew from the .in files, with hashes, for every system.
set -eu
cd "$(dirname "$0")/.."

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    .venv/bin/python -m pip install -qq --disable-pip-version-check uv
    uv=".venv/bin/python -m uv"
fi
compile() {
    $uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command "make lock" "$@"
}
compile -o requirements.txt requirements.in
compile -o requirements-dev.txt requirements.in requirements-dev.in
