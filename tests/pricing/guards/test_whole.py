"""Each guard of a whole answer fires on the fault it is for, and on nothing else."""

from decimal import Decimal

from pricing.guards import whole
from pricing.things import GPU, Quote, Thing


def gpu(name, amount, *, mode="on_demand", provider="runpod"):
    thing = Thing(GPU, provider, provider, mode, gpu=name, gpu_count=1)
    return Quote(thing, "gpu_hour", Decimal(amount), "USD", "gpu_hour")


def test_a_provider_below_80_percent_is_held():
    assert whole.shrunk_providers(before={"a": 10, "b": 10}, now={"a": 7, "b": 8}) == {"a": (10, 7)}


def test_a_provider_that_vanishes_in_a_growing_file_is_held():
    assert "openrouter" in whole.shrunk_providers(
        before={"openrouter": 261, "openai": 100}, now={"openai": 500}
    )


def test_a_new_provider_is_not_held():
    assert whole.shrunk_providers(before={}, now={"new": 3}) == {}


def test_the_same_price_on_five_gpu_models_is_a_placeholder():
    quotes = [gpu(name, "0.50") for name in ("H100", "A100", "L40S", "L4", "T4")]
    assert whole.sentinels(quotes) == {("runpod", Decimal("0.50"))}
    assert whole.sentinels(quotes[:4]) == set()


def test_the_same_price_in_five_regions_is_none():
    quotes = [gpu("H100", "2.50") for _ in range(5)]
    assert whole.sentinels(quotes) == set()


def test_spot_that_costs_no_less_has_no_spot_price():
    dear, equal = gpu("H100", "2.6", mode="spot"), gpu("L4", "0.5", mode="spot")
    fair = gpu("A100", "0.9", mode="spot")
    on_demand = [gpu("H100", "2.5"), gpu("L4", "0.5"), gpu("A100", "1.8")]
    found = whole.spot_without_discount([dear, equal, fair, *on_demand])
    assert found == {dear.thing.key, equal.thing.key}


def test_the_dearer_of_two_prices_of_one_thing_stands():
    kept = list(
        whole.dearest_of_duplicates(
            [gpu("H100", "2.5"), gpu("H100", "2.9"), gpu("H100", "0")]
        ).values()
    )
    assert [quote.amount for quote in kept] == [Decimal("2.9")]
