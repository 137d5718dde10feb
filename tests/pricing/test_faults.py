"""Whatever a source answers, the price book stays as it was, in time, and the health page says why."""

import time
import tracemalloc

import pytest
from werkzeug.wrappers import Response

from pricing import pull
from pricing.models import CurrentPrice, ExchangeRate, Observation, SourceHealth
from pricing.sources import client
from tests.pricing import faults
from tests.pricing.conftest import day

BEFORE, NOW = day("2026-11-19"), day("2026-11-20")
MOST_BYTES = 64_000_000
GOOD = faults.GOOD


@pytest.fixture
def served(httpserver, settings, monkeypatch):
    """Return a function that serves an answer as the source's, whatever is asked for."""
    monkeypatch.setattr(client, "TRIES", 2)
    defaults = client.Client.__init__.__kwdefaults__ or {}
    quick = {**defaults, "deadline_seconds": 1.0, "sleep": lambda seconds: None}
    monkeypatch.setattr(client.Client.__init__, "__kwdefaults__", quick)
    monkeypatch.setattr(pull, "DEADLINE_SECONDS", 1.0)

    def serve(source, answer):
        name = source.partition(":")[0]
        settings.PRICE_SOURCE_URLS = {
            n: httpserver.url_for("/v/version") for n in (name, "frankfurter")
        }
        if isinstance(answer, Response):
            httpserver.expect_request("/v/version").respond_with_response(answer)
        else:
            httpserver.expect_request("/v/version").respond_with_handler(answer)

    return serve


def accepted():
    """Return what the book believes: every price in use, and how many were ever accepted."""
    held = CurrentPrice.objects.values_list("offer__key", "measure", "observation__amount")
    count = Observation.objects.filter(status="accepted").count()
    return sorted(held), count, ExchangeRate.objects.count()


@pytest.mark.parametrize("fault", faults.ALL)
@pytest.mark.parametrize("source", GOOD)
def test_a_fault_changes_nothing_and_is_named(book, served, source, fault):
    assert pull.pull(source, at=BEFORE, body=GOOD[source]).accepted > 0
    before, stored = accepted(), Observation.objects.count()
    served(source, faults.answer(source, fault))
    tracemalloc.start()
    began = time.monotonic()

    report = pull.pull(source, at=NOW)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    health = SourceHealth.objects.get(source=source)
    assert report.error == health.error != ""
    assert (health.last_success_at, health.last_check_at) == (BEFORE, NOW)
    assert accepted() == before
    assert Observation.objects.count() == stored or fault == "ten times everything"
    assert time.monotonic() - began < 5
    assert peak < MOST_BYTES


@pytest.mark.parametrize("fault", ["500", "an HTML page", "truncated", "a gzip bomb, 200 MB"])
def test_a_broken_answer_of_an_address_that_was_named_is_on_the_health_page(
    book, served, httpserver, fault
):
    served("litellm", faults.answer("litellm", fault))
    report = pull.pull("litellm", at=NOW, address=httpserver.url_for("/v/version"))
    assert report.error == SourceHealth.objects.get(source="litellm").error != ""
    assert not Observation.objects.exists()
