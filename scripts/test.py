"""Run all tests: on SQLite and a broker in a folder, then what stores anything on real servers too.

Words after the command go to pytest: `.venv/bin/python scripts/test.py -k reviews`.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import redis
from psycopg import sql

POSTGRESQL = os.environ.setdefault(
    "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)
REDIS = os.environ.setdefault("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
NO_TESTS = 5


@dataclass(frozen=True)
class Counts:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def missing_servers() -> list[str]:
    """Return why the run on servers is not possible; empty when both answer."""
    missing = []
    try:
        psycopg.connect(POSTGRESQL, connect_timeout=3).close()
    except psycopg.Error as error:
        missing.append(f"PostgreSQL does not answer at {POSTGRESQL}: {error}")
    try:
        redis.Redis.from_url(REDIS, socket_timeout=3, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        missing.append(f"Redis does not answer at {REDIS}: {error}")
    return missing


def drop_left_databases() -> int:
    """Drop the test databases of runs that were killed; return how many.

    Their names end in a process's number. One whose process lives, or that somebody is connected to,
    stays.
    """
    dropped = 0
    with psycopg.connect(POSTGRESQL, connect_timeout=3, autocommit=True) as there:
        names = there.execute(
            "SELECT datname FROM pg_database WHERE datname ~ '^breakeven_(test|chaos)_[0-9]+$'"
            " AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = pg_database.datname)"
        ).fetchall()
        for (name,) in names:
            if psutil.pid_exists(int(name.rpartition("_")[2])):
                continue
            there.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            dropped += 1
    return dropped


def run_pytest(*, profile: str, words: list[str]) -> Counts:
    """Run pytest once; a run that breaks before it can count is one failure."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"),
                *(f"--junitxml={report}", *words),
            ],
            env={**os.environ, "TEST_PROFILE": profile},
            check=False,
        ).returncode
        counts = read_counts(report) if report.exists() else Counts()
    return counts if code in (0, NO_TESTS) or counts.failed else counts + Counts(failed=1)


def read_counts(report: Path) -> Counts:
    """Return what pytest's report counts."""
    suite = ET.parse(report).getroot()[0].attrib  # noqa: S314 - see above
    failed = int(suite["failures"]) + int(suite["errors"])
    skipped = int(suite["skipped"])
    return Counts(int(suite["tests"]) - failed - skipped, failed, skipped)


def main(words: list[str], environment: Mapping[str, str]) -> int:
    """Run what can run, say what did not, and return the exit code."""
    print("All tests, on SQLite and a broker in a folder:", flush=True)
    total = run_pytest(profile="embedded", words=words)
    if missing := missing_servers():
        says = ["The tests ran on SQLite only.", *missing]
        if environment.get("CI"):
            total += Counts(failed=1)
            says.append("In CI that is a failure.")
    else:
        if left := drop_left_databases():
            print(f"Dropped {left} test databases of runs that were killed.", flush=True)
        print("The tests that store anything, on PostgreSQL and Redis:", flush=True)
        storing = ["-m", "database and not browser", *words]
        total += run_pytest(profile="servers", words=storing)
        says = [
            "All tests ran on SQLite with a broker in a folder;"
            " those that store anything ran again on PostgreSQL with Redis."
        ]
    if total.skipped:
        says.append("`.venv/bin/pytest -rs` says why tests were skipped.")
    print(f"\n{total}\n" + "\n".join(says))
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
