"""What a reader sees when the database cannot write or does not answer."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from decisions.models import Decision
from tests.decisions import stories


@pytest.fixture
def browser_of(transactional_db):
    def of(person):
        client = Client(raise_request_exception=False)
        client.force_login(person)
        return client

    return of


@pytest.fixture
def full_disk(transactional_db):
    """Return a function that lets the database grow by nothing more, or by as much as it likes."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told to be full")

    def limit(*, is_full):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            pages = cursor.fetchone()[0] if is_full else 2**30
            cursor.execute(f"PRAGMA max_page_count = {pages}")

    yield limit
    limit(is_full=False)


def test_a_full_disk_refuses_with_the_reason_and_keeps_what_is_there(browser_of, full_disk):
    story = stories.ready()
    client = browser_of(story.manager)
    where = f"/reviews/{story.review.pk}/comment/"
    text = "Long. " * 600
    full_disk(is_full=True)
    # What is free in the last pages is taken first.
    answers = [client.post(where, {"text": text}) for _ in range(20)]
    said = story.review.comments.count()
    assert said == sum(answer.status_code == 302 for answer in answers) < 20
    refused = answers[-1]
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert "disk of the database is full" in refused.text
    full_disk(is_full=False)
    assert client.post(where, {"text": text}).status_code == 302
    assert story.review.comments.count() == said + 1


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (OperationalError("could not extend file: No space left on device"), 503, "full"),
        (OperationalError("database is locked"), 503, "too busy"),
        (OperationalError("server closed the connection unexpectedly"), 503, "not answer"),
        (ValueError("a fault of the product"), 500, "Something broke"),
    ],
)
def test_the_page_of_a_fault_needs_no_database(browser_of, monkeypatch, error, status, says):
    story = stories.ready()
    client = browser_of(story.manager)

    def fails(*_, **__):
        raise error

    monkeypatch.setattr("decisions.views.portfolio.access.decisions_of", fails)
    answer = client.get("/")
    assert answer.status_code == status
    assert says in answer.text
    assert "server closed" not in answer.text
    assert Decision.objects.count() == 1


def test_a_host_that_is_not_served_is_refused_and_not_a_fault(db):
    answer = Client(raise_request_exception=False).get("/", headers={"host": "other.example.org"})
    assert answer.status_code == 400
    assert "could not be read" in answer.text
