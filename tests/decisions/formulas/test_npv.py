from decimal import Decimal

from decisions.formulas.npv import cost_today, months_to_pay_back


def test_without_a_rate_it_is_the_plain_sum():
    bills = [Decimal(100)] * 12
    assert cost_today(one_off=Decimal(50), monthly=bills, rate_per_year=Decimal(0)) == 1250


def test_nothing_is_paid_back_without_a_saving():
    terms = {"new_per_month": Decimal(10), "one_off": Decimal(5)}
    assert months_to_pay_back(old_per_month=Decimal(10), **terms) is None
    assert months_to_pay_back(old_per_month=Decimal(9), **terms) is None


def test_nothing_to_pay_back_is_paid_back_at_once():
    found = months_to_pay_back(
        old_per_month=Decimal(10), new_per_month=Decimal(9), one_off=Decimal(0)
    )
    assert found == 0
