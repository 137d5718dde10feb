"""What does a GPU cost per month when the team owns it?

Four lines: the capital it ties up, its power, its place in a data centre, and spares.
"""

from dataclasses import dataclass
from decimal import Decimal

from decisions.formulas.bills import HOURS_PER_MONTH

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """What is known of an owned GPU. Shares and rates are fractions, power in kilowatts.

    ``pue`` is the data centre's overhead on power (1.0 would be none); ``annual_failure_rate``
    is the share of GPUs replaced in a year; ``residual_share`` is what is left of the purchase
    price when the lifetime is over.
    """

    purchase_per_gpu: Decimal
    residual_share: Decimal
    lifetime_years: Decimal
    cost_of_capital: Decimal
    kw_per_gpu: Decimal
    pue: Decimal
    price_per_kwh: Decimal
    colo_per_kw_month: Decimal
    annual_failure_rate: Decimal


def capital_recovery(
    *, purchase: Decimal, residual: Decimal, lifetime_years: Decimal, cost_of_capital: Decimal
) -> Decimal:
    """Return the level monthly payment that recovers the purchase less what is left at the end.

    The residual is taken at its present value; the yearly rate is turned into the monthly rate
    that compounds to it. Without a cost of capital it is a straight line. ``lifetime_years``
    must be above zero. Source: the capital recovery factor, i / (1 − (1 + i)^−n).

    >>> terms = {"purchase": Decimal(24_000), "residual": Decimal(0), "lifetime_years": Decimal(4)}
    >>> capital_recovery(**terms, cost_of_capital=Decimal(0))
    Decimal('500')
    >>> round(capital_recovery(**terms, cost_of_capital=Decimal("0.10")), 2)
    Decimal('603.75')
    """
    months = lifetime_years * MONTHS_PER_YEAR
    if not cost_of_capital:
        return (purchase - residual) / months
    over_life = (1 + cost_of_capital) ** -lifetime_years
    monthly_rate = (1 + cost_of_capital) ** (Decimal(1) / MONTHS_PER_YEAR) - 1
    return (purchase - residual * over_life) * monthly_rate / (1 - over_life)


def capital(ownership: Ownership) -> Decimal:
    """Return the money per GPU and month for the capital it ties up."""
    return capital_recovery(
        purchase=ownership.purchase_per_gpu,
        residual=ownership.purchase_per_gpu * ownership.residual_share,
        lifetime_years=ownership.lifetime_years,
        cost_of_capital=ownership.cost_of_capital,
    )


def power(ownership: Ownership) -> Decimal:
    """Return the money per GPU and month for electricity: kW × PUE × 730 h × price per kWh.

    The machine is taken to run at its stated power all month.
    """
    kwh = ownership.kw_per_gpu * ownership.pue * HOURS_PER_MONTH
    return kwh * ownership.price_per_kwh


def colocation(ownership: Ownership) -> Decimal:
    """Return the money per GPU and month for its place: kW × price per kW and month."""
    return ownership.kw_per_gpu * ownership.colo_per_kw_month


def spares(ownership: Ownership) -> Decimal:
    """Return the money per GPU and month for replacements: failure rate × purchase / 12."""
    return ownership.annual_failure_rate * ownership.purchase_per_gpu / MONTHS_PER_YEAR


def per_gpu_month(ownership: Ownership) -> Decimal:
    """Return the money per GPU and month: capital, power, colocation and spares.

    >>> h100 = Ownership(purchase_per_gpu=Decimal(24_000), residual_share=Decimal(0),
    ...     lifetime_years=Decimal(4), cost_of_capital=Decimal(0), kw_per_gpu=Decimal(1),
    ...     pue=Decimal(1), price_per_kwh=Decimal("0.2"), colo_per_kw_month=Decimal(100),
    ...     annual_failure_rate=Decimal("0.05"))
    >>> per_gpu_month(h100)
    Decimal('846.00')
    """
    return capital(ownership) + power(ownership) + colocation(ownership) + spares(ownership)
