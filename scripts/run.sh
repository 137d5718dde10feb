#!/usr/bin/env bash
# Starts Breakeven: web, worker and clock, until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."

# From the command line, else from .env, else 8000.
if [ -z "${PORT:-}" ] && [ -f .env ]; then
    PORT=$(sed -n 's/^PORT=//p' .env | tail -n 1)
fi
export PORT="${PORT:-8000}"

case $PORT in
    *[!0-9]* | ??????*) echo "PORT must be a number up to 65535, not \"$PORT\"." >&2; exit 2 ;;
esac
if (: </dev/tcp/127.0.0.1/"$PORT") 2>/dev/null; then
    echo "Port $PORT is taken by another program. Choose another: make run PORT=$((PORT + 1))" >&2
    exit 1
fi

scripts/setup.sh --welcome
# It replaces this shell, so that a signal to this process reaches the supervisor.
exec .venv/bin/python scripts/run.py
