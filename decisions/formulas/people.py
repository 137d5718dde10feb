"""What do the people cost who set a system up and keep it running?

FTE is full-time equivalents: 0.25 is a quarter of one person's time. The loaded cost is salary
with everything on top of it, per FTE and year.
"""

from decimal import Decimal

MONTHS_PER_YEAR = 12
WEEKS_PER_YEAR = 52


def setup(*, weeks: Decimal, people: Decimal, loaded_cost_per_fte_year: Decimal) -> Decimal:
    """Return the money spent once on setting up: weeks × people × loaded cost / 52.

    The article's one to four engineer-weeks at 100,000 to 200,000 a year:

    >>> one = Decimal(1)
    >>> round(setup(weeks=one, people=one, loaded_cost_per_fte_year=Decimal(100_000)))
    1923
    >>> round(setup(weeks=4 * one, people=one, loaded_cost_per_fte_year=Decimal(200_000)))
    15385
    """
    return weeks * people * loaded_cost_per_fte_year / WEEKS_PER_YEAR


def operations(*, fte: Decimal, loaded_cost_per_fte_year: Decimal) -> Decimal:
    """Return the money per month for operations: FTE × loaded cost / 12.

    >>> operations(fte=Decimal("0.25"), loaded_cost_per_fte_year=Decimal(120_000))
    Decimal('2500.00')
    """
    return fte * loaded_cost_per_fte_year / MONTHS_PER_YEAR


def fte_paid_by(*, saving_per_month: Decimal, loaded_cost_per_fte_year: Decimal) -> Decimal | None:
    """Return the FTE that a monthly saving pays for; above it the saving is gone.

    None when an FTE costs nothing; 0 when nothing is saved.

    A saving of 5,000 a month pays for half an engineer at 120,000 a year:

    >>> fte_paid_by(saving_per_month=Decimal(5000), loaded_cost_per_fte_year=Decimal(120_000))
    Decimal('0.5')
    """
    if not loaded_cost_per_fte_year:
        return None
    return max(saving_per_month, Decimal(0)) * MONTHS_PER_YEAR / loaded_cost_per_fte_year


def engineers_in(
    *, setup_cost: Decimal, weeks: Decimal, loaded_cost_per_fte_year: Decimal
) -> Decimal | None:
    """Return how many people a set-up cost pays for over its weeks. None when that is undefined.

    The article calls 25,000 four weeks of engineering; at 100,000 a year that is over three people:

    >>> round(engineers_in(setup_cost=Decimal(25_000), weeks=Decimal(4),
    ...                    loaded_cost_per_fte_year=Decimal(100_000)), 2)
    Decimal('3.25')
    """
    if not weeks or not loaded_cost_per_fte_year:
        return None
    return setup_cost * WEEKS_PER_YEAR / (weeks * loaded_cost_per_fte_year)
