from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from decisions.formulas.bills import (
    TokenPrices,
    TokenVolume,
    api_bill,
    markup,
    per_mtok,
    price_per_gpu_hour,
    rent,
    token_classes,
)

MILLION = Decimal(1_000_000)
shares = st.decimals("0", "1", places=4)
prices = st.decimals("0", "100", places=3)


def volume(**more):
    return TokenVolume(input_tokens=1000 * MILLION, output_tokens=300 * MILLION, **more)


def priced(source=3, output=15, cached=3, discount=0):
    return TokenPrices(
        input_per_mtok=Decimal(str(source)),
        output_per_mtok=Decimal(str(output)),
        cached_input_per_mtok=Decimal(str(cached)),
        batch_discount=Decimal(str(discount)),
    )


def test_cached_input_has_its_own_price():
    half = volume(cached_input_share=Decimal("0.5"))
    assert api_bill(volume=half, prices=priced(cached=0.3)) == 1500 + 150 + 4500


def test_batch_takes_its_discount_off_every_class():
    all_batch = volume(batch_share=Decimal(1))
    assert api_bill(volume=all_batch, prices=priced(discount=0.5)) == 3750


def test_empty_classes_are_left_out():
    assert [each.name for each in token_classes(volume=volume(), prices=priced())] == [
        "input tokens",
        "output tokens",
    ]


@given(cached=shares, batch=shares, source=prices, output=prices, discount=shares)
def test_classes_hold_every_token_once(cached, batch, source, output, discount):
    month = volume(cached_input_share=cached, batch_share=batch)
    classes = token_classes(
        volume=month, prices=priced(source=source, output=output, cached=source, discount=discount)
    )
    assert sum(each.tokens for each in classes) == month.total


@given(gpus=st.integers(1, 100), hourly=prices)
def test_rent_and_the_price_behind_it_are_inverse(gpus, hourly):
    month = rent(gpus=Decimal(gpus), price_per_gpu_hour=hourly)
    assert abs(price_per_gpu_hour(monthly_cost=month, gpus=Decimal(gpus)) - hourly) < 1e-20


def test_nothing_to_divide_by():
    assert per_mtok(monthly_cost=Decimal(1), tokens_per_month=Decimal(0)) is None
    assert price_per_gpu_hour(monthly_cost=Decimal(1), gpus=Decimal(0)) is None
    assert markup(dearer=Decimal(1), cheaper=Decimal(0)) is None
