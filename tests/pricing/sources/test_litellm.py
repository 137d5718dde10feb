"""The LiteLLM file is read as it is written."""

import json
from decimal import Decimal

import pytest

from pricing.sources import litellm
from pricing.things import BadAnswer
from tests.pricing.conftest import day, recorded

NOW = day("2026-10-01")


@pytest.fixture(scope="module")
def quotes():
    reading = litellm.read(recorded("litellm-2026-10-01.json"), at=NOW)
    return {(q.thing.source_name, q.thing.region, q.measure): q for q in reading.quotes}


def test_prices_per_token_become_prices_per_million(quotes):
    price = quotes["gpt-4o", "", "input"]
    assert (price.amount, price.currency, price.unit) == (Decimal("2.5"), "USD", "mtok")
    assert quotes["gpt-4o", "", "batch_output"].amount == 5
    assert quotes["gpt-4o", "", "cached_input"].amount == Decimal("1.25")


def test_providers_have_one_name(quotes):
    thing = quotes["meta-llama/Llama-3.3-70B-Instruct-Turbo", "", "input"].thing
    assert (thing.provider, thing.model) == ("together", "llama-3.3-70b")


def test_ovhcloud_is_paid_in_euro(quotes):
    assert quotes["Meta-Llama-3_3-70B-Instruct", "", "input"].currency == "EUR"


def test_a_region_in_the_path_is_a_region(quotes):
    assert quotes["gpt-4o-2024-08-06", "eu", "input"].thing.host == "azure-openai"
    assert quotes["meta.llama3-70b-instruct-v1:0", "us-east-1", "input"].thing.provider == "aws"


def test_an_alias_is_marked(quotes):
    assert quotes["mistral-large-latest", "", "input"].thing.is_alias


def test_images_and_the_explanation_are_no_prices(quotes):
    assert not any(name in ("dall-e-3", "sample_spec") for name, _, _ in quotes)


def test_a_provider_that_the_table_lacks_has_no_currency():
    body = b'{"x/y": {"litellm_provider": "x", "mode": "chat", "input_cost_per_token": 1e-6}}'
    assert litellm.read(body, at=NOW).quotes[0].currency == ""


def test_a_price_in_words_is_unknown():
    entry = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-6}
    listed = {f"m{n}": entry for n in range(200)}
    listed["x"] = {**entry, "input_cost_per_token": "soon"}
    read = litellm.read(json.dumps(listed).encode(), at=NOW)
    assert [q.thing.source_name for q in read.quotes if q.amount is None] == ["x"]
    assert len(read.faults) == 1


def test_many_prices_in_words_refuse_the_file():
    entry = {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": "soon"}
    with pytest.raises(BadAnswer, match="rows are broken, the first: m0: its input is “soon”"):
        litellm.read(json.dumps({f"m{n}": entry for n in range(3)}).encode(), at=NOW)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"a": {"mode": "chat"}}', b'{"a": 1, "b": 2}'])
def test_what_has_no_prices_is_refused(body):
    with pytest.raises(BadAnswer):
        litellm.read(body, at=NOW)
