"""The genai-prices data is read with its dates, fresh or from the package."""

from decimal import Decimal

import pytest

from pricing.sources import genai_prices
from pricing.things import BadAnswer
from tests.pricing.conftest import day, recorded

NOW = day("2026-11-20")


def quotes_of(body, name, measure="input"):
    found = genai_prices.read(body, at=NOW).quotes
    return [q for q in found if q.thing.source_name == name and q.measure == measure]


def test_a_dated_cut_has_both_prices():
    old, new = quotes_of(recorded("genai_prices.json"), "gpt-5.6-luna")
    assert (old.amount, old.valid_from, old.valid_until) == (1, None, day("2026-07-30"))
    assert (new.amount, new.valid_from, new.valid_until) == (
        Decimal("0.2"),
        day("2026-07-30"),
        None,
    )


def test_of_prices_by_time_of_day_the_dearest_stands():
    (price,) = quotes_of(recorded("genai_prices.json"), "deepseek-chat")
    assert price.amount == Decimal("0.27")


def test_of_tiers_the_first_stands():
    assert quotes_of(recorded("genai_prices.json"), "claude-opus-4-6")[0].amount == 5


def test_the_package_reads_like_the_fresh_copy():
    fetched = genai_prices.bundled(NOW)
    assert fetched.revision.startswith("bundled genai-prices ")
    assert fetched.as_of is not None
    assert fetched.as_of <= NOW
    luna = quotes_of(fetched.body, "gpt-5.6-luna")
    assert {q.amount for q in luna if q.thing.provider == "openai"} == {1, Decimal("0.2")}


def test_a_batch_variant_is_a_measure_of_the_model():
    body = b"""[{"id": "openrouter", "models": [{"id": "a/b:batch", "prices":
        {"input_mtok": 1, "output_mtok": {"base": 2, "tiers": []}}}]}]"""
    assert quotes_of(body, "a/b", "batch_output")[0].amount == 2


@pytest.mark.parametrize("body", [b"{}", b"[]", b'[{"id": "x"}]', b'[{"id": "x", "models": [1]}]'])
def test_what_is_no_list_of_models_is_refused(body):
    with pytest.raises(BadAnswer):
        genai_prices.read(body, at=NOW)
