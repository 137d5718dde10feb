"""How do exchange rates get into the book?"""

from datetime import datetime, timedelta
from decimal import Decimal

from pricing.models import ExchangeRate
from pricing.sources.ecb import Rate

# A currency that moved by more than half within a month is more likely a slip of the point.
MOST_CHANGE = Decimal("1.5")
RECENT = timedelta(days=31)


def store(rates: list[Rate], *, source: str, seen_at: datetime) -> tuple[int, list[str]]:
    """Append the rates that are new; return how many, and in words those that were refused."""
    latest = _latest(source)
    known = _known(rates, source)
    new: list[ExchangeRate] = []
    refused: list[str] = []
    for rate in rates:
        before = latest.get(rate.currency)
        if (rate.currency, rate.day) in known:
            continue
        if before is not None and _is_a_slip(rate, before):
            refused.append(f"{rate.currency} {rate.per_eur:f} after {before.per_eur:f}")
            continue
        new.append(
            ExchangeRate(
                date=rate.day,
                currency=rate.currency,
                per_eur=rate.per_eur,
                source=source,
                seen_at=seen_at,
            )
        )
    ExchangeRate.objects.bulk_create(new, batch_size=2000)
    return len(new), refused


def _latest(source: str) -> dict[str, Rate]:
    rows = ExchangeRate.objects.filter(source=source).order_by("-date")
    newest = rows.values_list("date", flat=True).first()
    if newest is None:
        return {}
    recent = rows.filter(date__gt=newest - RECENT).values_list("date", "currency", "per_eur")
    return {currency: Rate(day, currency, per_eur) for day, currency, per_eur in reversed(recent)}


def _known(rates: list[Rate], source: str) -> set[tuple[str, object]]:
    days = [rate.day for rate in rates]
    rows = ExchangeRate.objects.filter(source=source, date__range=(min(days), max(days)))
    return set(rows.order_by().values_list("currency", "date"))


def _is_a_slip(rate: Rate, before: Rate) -> bool:
    near = abs(rate.day - before.day) <= RECENT
    ratio = rate.per_eur / before.per_eur
    return near and not 1 / MOST_CHANGE < ratio < MOST_CHANGE
