"""What is a row of monthly bills worth today, and when is a one-off cost paid back?"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

MONTHS_PER_YEAR = 12


@lru_cache(maxsize=256)
def discount_factors(*, months: int, rate_per_year: Decimal) -> tuple[Decimal, ...]:
    """Return what money at the end of month 1, 2, … is worth today: 1 / (1 + r)^(m/12).

    >>> [round(factor, 4) for factor in discount_factors(months=2, rate_per_year=Decimal("0.1"))]
    [Decimal('0.9921'), Decimal('0.9842')]
    """
    monthly = (1 + rate_per_year) ** (Decimal(-1) / MONTHS_PER_YEAR)
    factors, factor = [], Decimal(1)
    for _ in range(months):
        factor *= monthly
        factors.append(factor)
    return tuple(factors)


def cost_today(*, one_off: Decimal, monthly: Sequence[Decimal], rate_per_year: Decimal) -> Decimal:
    """Return the present value of a one-off cost now and a bill at the end of each month.

    Two rented H100 at 3,650 a month for three years:

    >>> bills = [Decimal(3650)] * 36
    >>> round(cost_today(one_off=Decimal(0), monthly=bills, rate_per_year=Decimal("0.10")), 2)
    Decimal('113830.57')
    """
    factors = discount_factors(months=len(monthly), rate_per_year=rate_per_year)
    later = sum((bill * factor for bill, factor in zip(monthly, factors, strict=True)), Decimal(0))
    return one_off + later


def months_to_pay_back(
    *, old_per_month: Decimal, new_per_month: Decimal, one_off: Decimal
) -> Decimal | None:
    """Return the months until the one-off cost is paid back by what the new option saves.

    None when it saves nothing. Not rounded; 0 when there is nothing to pay back.

    The article's team, with its own figures and with the closed part that its plan implies:

    >>> article = {"old_per_month": Decimal(18_000), "one_off": Decimal(25_000)}
    >>> round(months_to_pay_back(new_per_month=Decimal(6000 + 2500), **article), 2)
    Decimal('2.63')
    >>> round(months_to_pay_back(new_per_month=Decimal(8100 + 2500), **article), 2)
    Decimal('3.38')
    """
    saving = old_per_month - new_per_month
    return one_off / saving if saving > 0 else None


def saved_after(
    *, months: int, old_per_month: Decimal, new_per_month: Decimal, one_off: Decimal
) -> Decimal:
    """Return the money really saved so far: months × monthly saving − one-off. Not discounted.

    >>> saved_after(months=6, old_per_month=Decimal(18_000), new_per_month=Decimal(8500),
    ...             one_off=Decimal(25_000))
    Decimal('32000')
    """
    return months * (old_per_month - new_per_month) - one_off
