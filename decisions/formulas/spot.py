"""What does interruptible (spot) capacity save, and how much of the month is it away?"""

from dataclasses import dataclass
from decimal import Decimal

from decisions.formulas.bills import HOURS_PER_MONTH

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Terms of spot capacity: the share taken off the rent, and how it is taken away.

    ``drained`` means that work moves off a machine before it is reclaimed, so that users notice
    nothing.
    """

    discount: Decimal
    interruptions_per_month: Decimal
    recovery_minutes: Decimal
    drained: bool


def downtime_hours(spot: Spot) -> Decimal:
    """Return hours per month without service: interruptions × recovery, at most the whole month.

    0 when machines are drained. The article's "every few hours", taken as every four:

    >>> downtime_hours(Spot(discount=Decimal("0.6"), interruptions_per_month=Decimal(180),
    ...                     recovery_minutes=Decimal(10), drained=False))
    Decimal('30')
    """
    if spot.drained:
        return Decimal(0)
    hours = spot.interruptions_per_month * spot.recovery_minutes / MINUTES_PER_HOUR
    return min(hours, HOURS_PER_MONTH)


def availability(*, downtime_hours: Decimal, hours: Decimal = HOURS_PER_MONTH) -> Decimal:
    """Return the share of the hours in which the service answers.

    The article's two-hour outage in half a year, taken as a whole outage:

    >>> round(availability(downtime_hours=Decimal(2), hours=6 * HOURS_PER_MONTH), 5)
    Decimal('0.99954')
    """
    return 1 - downtime_hours / hours


def downtime_allowed(*, availability: Decimal) -> Decimal:
    """Return the hours per month that a promised availability leaves for outages.

    >>> downtime_allowed(availability=Decimal("0.999"))
    Decimal('0.730')
    """
    return (1 - availability) * HOURS_PER_MONTH
