"""How does a page of the price book, which knows nothing of decisions, show a chart?"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone

from decisions import charts

register = template.Library()


@register.inclusion_tag("parts/charts/history.html")
def price_history(
    points: Iterable[Any],
    currency: str,
    unit: str,
    until: datetime | None = None,
    number: int = 1,
) -> dict[str, Any]:
    """Draw the history of one price.

    Each point has `at`, `amount` (None: nothing known from here on), and may have
    `is_quarantined` and `says`. `number` tells several charts of a page apart.
    """
    found = [
        charts.HistoryPoint(
            at=point.at,
            amount=point.amount,
            is_quarantined=getattr(point, "is_quarantined", False),
            says=getattr(point, "says", ""),
        )
        for point in points
    ]
    chart = charts.price_history(found, currency=currency, unit=unit, until=until or timezone.now())
    return {"chart": chart, "number": number}


@register.inclusion_tag("parts/charts/bars.html")
def price_bars(found: Iterable[tuple[str, Decimal]], currency: str, title: str) -> dict[str, Any]:
    """Draw a few prices of one currency as bars, in the order given."""
    return {"chart": charts.price_bars(found, currency=currency, title=title)}
