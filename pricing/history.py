"""How did the price of an offer move? For the table and the chart on its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from pricing.models import Observation, Offer

Status = Observation.Status


@dataclass(frozen=True, kw_only=True)
class Point:
    """One step of a price. `amount` None: from here on nobody lists it."""

    at: datetime
    amount: Decimal | None
    is_quarantined: bool = False
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """The history of one measure as one source saw it."""

    measure: str
    source: str
    currency: str
    unit: str
    points: list[Point]

    @property
    def title(self) -> str:
        """Return what the line shows, in words."""
        return f"{Observation.Measure(self.measure).label} by {self.source}"


def observations(offer: Offer, *, team_ids: Iterable[int] = ()) -> list[Observation]:
    """Return everything seen of an offer, newest first; quotes only of the given teams."""
    visible = Q(for_team_id__isnull=True) | Q(for_team_id__in=list(team_ids))
    return list(Observation.objects.filter(visible, offer=offer).order_by("-seen_at", "-pk"))


def lines(seen: list[Observation]) -> list[Line]:
    """Return one line for each measure and source, oldest point first, steps of no change left out."""
    if not seen:
        return []
    # Loaded with the first history that is looked at: it takes 30 MB that an idle product has not got.
    import pandas as pd

    frame = pd.DataFrame(
        {
            "measure": [o.measure for o in seen],
            "source": [o.source for o in seen],
            "at": [o.valid_from or o.seen_at for o in seen],
            "row": seen,
        }
    ).sort_values(["measure", "source", "at"], kind="stable")
    groups = frame.groupby(["measure", "source"], sort=False)
    return [
        _line(str(measure), str(source), list(group["row"])) for (measure, source), group in groups
    ]


def _line(measure: str, source: str, rows: list[Observation]) -> Line:
    points = [_point(row) for row in rows if row.status != Status.REJECTED]
    last = rows[-1]
    return Line(
        measure=measure,
        source=source,
        currency=last.currency,
        unit=last.get_unit_display(),
        points=points,
    )


def _point(row: Observation) -> Point:
    withdrawn = row.status == Status.WITHDRAWN
    return Point(
        at=row.valid_from or row.seen_at,
        amount=None if withdrawn else row.amount,
        is_quarantined=row.status == Status.QUARANTINED,
        says=row.reason,
    )
