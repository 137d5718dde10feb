"""Each guard of one price fires on the fault it is for, and on nothing else."""

from decimal import Decimal

import pytest

from pricing.guards import single
from pricing.things import GPU, SERVERLESS, TOKEN, Quote, Thing

MODEL = Thing(TOKEN, "openai", "openai", SERVERLESS, model="gpt-4o", source_name="gpt-4o")
H100 = Thing(GPU, "lambda", "lambda", "on_demand", gpu="H100-SXM", gpu_is_known=True, gpu_count=1)


def tokens(amount, *, measure="input", currency="USD"):
    value = None if amount is None else Decimal(str(amount))
    return Quote(MODEL, measure, value, currency, "mtok", written=str(amount))


def gpu(amount, thing=H100):
    return Quote(thing, "gpu_hour", Decimal(str(amount)), "USD", "gpu_hour")


@pytest.mark.parametrize("amount", [0, -1, "-0.000001", None])
def test_zero_negative_and_missing_are_unknown(amount):
    verdict = single.no_free_lunch(tokens(amount))
    assert verdict is not None
    assert verdict.status == "rejected"
    assert "unknown" in verdict.reason


def test_a_real_price_is_no_free_lunch():
    assert single.no_free_lunch(tokens("0.01")) is None


@pytest.mark.parametrize("amount", [71_000, 1001, "0.0009"])
def test_a_token_price_outside_its_band_is_rejected(amount):
    verdict = single.within_band(tokens(amount))
    assert verdict is not None
    assert verdict.status == "rejected"


@pytest.mark.parametrize("amount", [201, 600, 1000])
def test_an_unusually_dear_token_waits(amount):
    verdict = single.within_band(tokens(amount))
    assert verdict is not None
    assert verdict.status == "quarantined"


@pytest.mark.parametrize("amount", ["0.001", 3, 200])
def test_a_usual_token_price_is_within_its_band(amount):
    assert single.within_band(tokens(amount)) is None


def test_a_cached_token_may_cost_a_tenth_of_the_lowest_full_one():
    assert single.within_band(tokens("0.0005", measure="cached_input")) is None
    assert single.within_band(tokens("0.00001", measure="cached_input")) is not None


@pytest.mark.parametrize("amount", ["0.49", "20.01", 2950])
def test_an_h100_outside_its_band_is_rejected(amount):
    assert single.within_band(gpu(amount)) is not None


@pytest.mark.parametrize("amount", ["0.5", "2.95", 20])
def test_an_h100_within_its_band(amount):
    assert single.within_band(gpu(amount)) is None


def test_an_unmapped_gpu_has_the_widest_band():
    unmapped = H100._replace(gpu="Z9000", gpu_is_known=False)
    assert single.within_band(gpu("0.02", unmapped)) is None
    assert single.within_band(gpu(61, unmapped)) is not None


def test_a_price_without_a_currency_waits():
    verdict = single.explicit_currency(tokens(1, currency=""))
    assert verdict is not None
    assert verdict.status == "quarantined"
    assert single.explicit_currency(tokens(1, currency="EUR")) is None


@pytest.mark.parametrize("amount", [3, 30, "0.2", "0.3333333333"])
def test_a_jump_waits(amount):
    verdict = single.no_jump(tokens(amount), before=Decimal(1))
    assert verdict is not None
    assert verdict.status == "quarantined"


@pytest.mark.parametrize("amount", ["2.99", 1, "0.34"])
def test_a_smaller_change_is_no_jump(amount):
    assert single.no_jump(tokens(amount), before=Decimal(1)) is None


def test_the_first_price_is_no_jump():
    assert single.no_jump(tokens(100), before=None) is None


def test_the_gravest_objection_comes_first():
    verdict = single.judge(tokens(71_000), before=Decimal("0.71"))
    assert verdict is not None
    assert verdict.guard == "within_band"
