"""What is still owed for an option that a team is committed to, and leaves?"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Commitment:
    """Money per month that is owed until a day, whether the option is used or not."""

    per_month: Decimal
    until: date

    def months_left(self, today: date) -> Decimal:
        """Return the months until the commitment ends, 0 when it has.

        >>> Commitment(per_month=Decimal(1), until=date(2027, 12, 31)).months_left(date(2026, 12, 31))
        Decimal('12')
        """
        days = max((self.until - today).days, 0)
        return Decimal(days) * 12 / 365

    def owed(self, today: date) -> Decimal:
        """Return what leaving the option costs: the months left × the money per month.

        >>> Commitment(per_month=Decimal(2000), until=date(2027, 12, 31)).owed(date(2026, 12, 31))
        Decimal('24000')
        """
        return self.per_month * self.months_left(today)
