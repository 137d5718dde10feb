from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.formulas.npv import discount_factors
from decisions.formulas.owned import capital_recovery


@given(
    rate=st.decimals("0", "0.5", places=3),
    years=st.integers(1, 10),
    residual=st.decimals("0", "1", places=2),
)
def test_payments_and_residual_are_worth_the_purchase(rate, years, residual):
    purchase = Decimal(30_000)
    payment = capital_recovery(
        purchase=purchase,
        residual=purchase * residual,
        lifetime_years=Decimal(years),
        cost_of_capital=rate,
    )
    factors = discount_factors(months=12 * years, rate_per_year=rate)
    worth = payment * sum(factors) + purchase * residual * factors[-1]
    assert float(worth) == pytest.approx(30_000, rel=1e-9)
