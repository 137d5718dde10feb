"""Does `make run` start all of it, and leave nothing behind?"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from tests.waiting import wait_until


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """A product of its own: an empty folder and a free port, and none of the tests' settings."""
    mine = {"DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "TEST_QUEUE"}
    others = {name: value for name, value in os.environ.items() if name not in mine}
    return {**others, "VAR_DIR": str(tmp_path), "ENV_FILE": os.devnull, "PORT": str(free_port())}


def health(port: str) -> dict[str, str]:
    """Return what the product says of itself; empty while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return dict(json.load(answer))
    except (OSError, urllib.error.URLError):
        return {}


def lives(process: psutil.Process) -> bool:
    """Return whether it runs; one that ended and whose exit nobody has read yet does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGHUP], ids=["ctrl-c", "closed terminal"])
def test_all_of_it_starts_and_ends_together(repository, environment, stop):
    how = {"cwd": repository, "env": environment, "stdout": subprocess.DEVNULL}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, **how)
    product = subprocess.Popen([sys.executable, "scripts/run.py"], **how)
    family = []
    try:
        expected = {"database": "ok", "worker": "ok", "scheduler": "ok"}
        wait_until(lambda: health(environment["PORT"]) == expected, says="all of it is well")
        family = psutil.Process(product.pid).children(recursive=True)
        # The web with its one worker, and the worker with its two children and the clock.
        assert len(family) >= 6
        product.send_signal(stop)
        assert product.wait(timeout=20) == 0
        assert not [each for each in family if lives(each)]
    finally:
        for each in [product, *family]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


@pytest.mark.parametrize(
    ("port", "says"), [("taken", "is taken by another program"), ("eighty", "must be a number")]
)
def test_a_port_that_cannot_be_is_said_before_anything_starts(
    repository, environment, tmp_path, port, says
):
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = str(other.getsockname()[1]) if port == "taken" else port
        done = subprocess.run(
            ["scripts/run.sh"],
            cwd=repository,
            env={**environment, "PORT": number},
            capture_output=True,
            text=True,
        )
    assert done.returncode
    assert says in done.stderr
    assert not list(tmp_path.iterdir())
