#!/usr/bin/env bash
# Makes what running Breakeven needs, and does nothing a second time. `setup.sh tests` adds what the
# tests need. Works with the bash 3.2 of macOS.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
stop() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
is_debian() { have apt-get; }
is_macos() { [ "$(uname)" = Darwin ]; }

# Install system packages where this user may; else return 1. $1 is the list for Debian, $2 for
# Homebrew.
install_system_packages() {
    if is_debian && [ "$(id -u)" = 0 ]; then
        say "Installing $1 ..."
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends \
            -o DPkg::Lock::Timeout=120 $1 >/dev/null
    elif is_macos && have brew; then
        say "Installing $2 ..."
        brew install $2 >&2
    else
        return 1
    fi
}

# The one command a person has to run. $1 is the list for Debian, $2 for Homebrew.
command_for() {
    if is_debian; then
        echo "sudo apt-get install $1"
    elif is_macos; then
        echo "brew install $2 (Homebrew: see https://brew.sh)"
    else
        echo "your system's package manager (Debian calls the packages: $1)"
    fi
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${BREAKEVEN_PYTHON:-} python3.13 python3.12 python3.11 python3 python3.14; do
        if have "$candidate" && is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    if ! python=$(find_python); then
        install_system_packages "python3 python3-venv" "python@3.13" || true
        python=$(find_python) || stop "Breakeven needs Python 3.11 or newer. Install it with:" \
            "$(command_for "python3 python3-venv" "python@3.13")"
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian keeps venv in a package of its own, one for each Python.
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        install_system_packages "$package" "python@3.13" \
            || stop "$python has no venv. Install it with: $(command_for "$package" "python@3.13")"
    fi
    say "Making .venv with $("$python" --version) ..."
    "$python" -m venv --clear .venv
}

# The file itself is the mark of what was installed: a changed line is a changed mark.
install_requirements() {
    if cmp -s "$1" ".venv/installed-$1"; then
        return
    fi
    say "Installing what $1 names ..."
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$1" \
        || stop "Installing from $1 failed: see the message above."
    cp "$1" ".venv/installed-$1"
}

check_pdf_libraries() {
    if .venv/bin/python scripts/can_make_pdfs.py >/dev/null 2>&1; then
        return
    fi
    debian="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
    install_system_packages "$debian" pango || stop "PDF records need Pango and a font." \
        "Install them with: $(command_for "$debian" pango)"
    .venv/bin/python scripts/can_make_pdfs.py || stop "PDF records still fail: see above."
}

has_chromium() { .venv/bin/python -c 'import sys
from tests.chromium import find
sys.exit(not find())'; }

check_chromium() {
    if has_chromium; then
        return
    fi
    install_system_packages chromium "--cask chromium" || true
    has_chromium || say "No Chromium: the tests in a browser cannot run. Install it with:" \
        "$(command_for chromium "--cask chromium") or name one in BREAKEVEN_CHROMIUM."
}

# Homebrew's libraries are not where a Python from elsewhere looks for them.
if is_macos && have brew; then
    export DYLD_FALLBACK_LIBRARY_PATH="$(brew --prefix)/lib:/usr/local/lib:/usr/lib"
fi

.venv/bin/python -c '' 2>/dev/null || make_venv
install_requirements requirements.txt
check_pdf_libraries
if [ "${1:-}" = tests ]; then
    # It holds every line of requirements.txt too, at the same versions.
    install_requirements requirements-dev.txt
    check_chromium
else
    .venv/bin/python scripts/prepare.py "$@"
fi
