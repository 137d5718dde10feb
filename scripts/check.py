"""Is this commit fit to be shipped? Every check, each with its verdict, and the tests last."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
PYTHON = sys.executable


def production(folder: str) -> dict[str, str]:
    """Return the environment of a production start, made for this check alone."""
    return {
        "ENV_FILE": os.devnull,
        "VAR_DIR": folder,
        "PRODUCTION": "true",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "ALLOWED_HOSTS": "breakeven.example",
    }


def checks(folder: str) -> list[tuple[str, list[str], dict[str, str]]]:
    """Return each check's name, command and additional environment."""
    manage = [PYTHON, "manage.py"]
    development = {"ENV_FILE": os.devnull, "VAR_DIR": folder}
    return [
        ("style", [f"{BIN}/ruff", "check", "--quiet"], {}),
        ("format", [f"{BIN}/ruff", "format", "--check", "--quiet"], {}),
        ("types", [PYTHON, "-m", "mypy"], development),
        ("direction of imports", [f"{BIN}/lint-imports", "--no-cache"], development),
        ("templates", [PYTHON, "-m", "djlint", "templates", "--lint", "--quiet"], {}),
        (
            "migrations",
            [*manage, "makemigrations", "--check", "--dry-run"],
            development,
        ),
        (
            "production settings",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            production(folder),
        ),
    ]


def run(name: str, command: list[str], environment: dict[str, str]) -> bool:
    """Run one check, print its verdict and, when it fails, what it said."""
    start = time.monotonic()
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "FAILED" if done.returncode else "ok"
    print(f"{name:<22} {verdict:<7} {time.monotonic() - start:5.1f} s", flush=True)
    if done.returncode:
        print(f"{done.stdout.rstrip()}\n", flush=True)
    return done.returncode == 0


def main() -> int:
    """Run all checks whatever one of them says, then the tests."""
    with tempfile.TemporaryDirectory() as folder:
        failed = [check[0] for check in checks(folder) if not run(*check)]
    tests = subprocess.run([PYTHON, "scripts/test.py"], check=False).returncode
    if tests:
        failed.append("tests")
    print(f"Failed: {', '.join(failed)}." if failed else "Every check passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
