"""A real Celery worker on the test's database and broker, for tests that kill it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from django.db import connection

from tests.waiting import wait_until


def address_of_the_test_database() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"


def environment() -> dict[str, str]:
    """Return what a process needs to work on this test's database, folder and broker."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "BREAKEVEN_STARTED_BY_A_TEST": "1",
        "DATABASE_URL": address_of_the_test_database(),
    }


class Worker:
    """A Celery worker with processes of its own (or only a clock), on the test's database and broker."""

    def __init__(
        self, log: Path, *options: str, include: str = "tests.jobs.kinds", command: str = "worker"
    ) -> None:
        self.log = log
        words = [command, "--loglevel", "info"]
        if command == "worker":
            words += ["--include", include, "--without-gossip", "--without-mingle"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app", "config", *words, *options],
            env=environment(),
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait_until_ready(self) -> "Worker":
        wait_until(lambda: b" ready." in self.log.read_bytes(), says="the worker is ready")
        return self

    def children(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        return found

    def kill_everything(self) -> None:
        """End all its processes at once, as when the machine loses power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
