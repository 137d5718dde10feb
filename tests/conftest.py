"""What tests share: databases for each profile, a browser, and a way to do the background work."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from pytest_httpserver import HTTPServer

from tests import chromium
from tests.workers import Worker

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "worker"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database and what drives a browser, so that nobody has to remember."""
    for item in items:
        uses = set(getattr(item, "fixturenames", ()))
        if uses & DATABASE_FIXTURES or item.get_closest_marker("django_db"):
            item.add_marker("database")
        if "browser" in uses:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory) -> None:
    """Name a database of this process's own: two runs, or two xdist workers, never share one.

    SQLite's lies in a file, as in the product: a worker process and threads can open it too.
    """
    from django.db import connections

    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    else:
        database["TEST"]["NAME"] = f"breakeven_test_{os.getpid()}"


@pytest.fixture(scope="session", autouse=True)
def emptying_tables() -> Iterator[None]:
    """Let Django empty the tables after a test that commits: the product's triggers refuse that."""
    from django.db.backends.base.operations import BaseDatabaseOperations

    def empty(operations: Any, statements: list[str]) -> None:
        as_ever(operations, _without_triggers(operations.connection, statements))

    as_ever = BaseDatabaseOperations.execute_sql_flush
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", empty)
        yield


def _without_triggers(connection: Any, statements: list[str]) -> list[str]:
    if connection.vendor == "postgresql":
        # Until the end of the transaction that empties the tables.
        return ["SET LOCAL session_replication_role = replica", *statements]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = dict(cursor.fetchall())
    return [*(f"DROP TRIGGER {name}" for name in triggers), *statements, *triggers.values()]


@pytest.fixture
def do_work() -> Callable[[], int]:
    """Return a function that does all background work that is due, here and now, and counts it."""
    from django.utils import timezone

    from jobs import work
    from jobs.models import Job

    def do() -> int:
        done = 0
        # Work may ask for more work; a hundred rounds are a loop.
        for _ in range(100):
            due = Job.objects.filter(state=Job.State.WAITING, due_at__lte=timezone.now())
            ids = list(due.order_by("due_at", "pk").values_list("pk", flat=True))
            if not ids:
                return done
            for job_id in ids:
                done += work.perform(job_id)
        pytest.fail("background work asks for more of itself without end")

    return do


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, started once. Skips where none is installed, except in CI."""
    path = chromium.find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium")
        pytest.skip("no Chromium: apt-get install chromium, or set BREAKEVEN_CHROMIUM")
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop runs in this thread, and Django takes that for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser, live_server) -> Iterator[Any]:
    """A fresh browser page at 1280 px whose relative addresses lead to the live server."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 1280, "height": 900}, locale="en-GB"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def make_httpserver() -> Iterator[HTTPServer]:
    """A server that answers others while one connection is silent, as real ones do."""
    with HTTPServer(threaded=True) as server:
        yield server


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds manage.py."""
    return Path(settings.BASE_DIR)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Return a function that starts a worker; all are ended after the test."""
    workers: list[Worker] = []

    def start_one(*options: str, **how: str) -> Worker:
        log = tmp_path / f"worker{len(workers)}.log"
        workers.append(Worker(log, *(options or ("--concurrency", "1")), **how))
        return workers[-1]

    yield start_one
    for worker in workers:
        if worker.process.poll() is None:
            worker.kill_everything()
        # pytest shows it when the test failed.
        print(worker.log.read_text())
