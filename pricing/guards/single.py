"""Is this one price believable, by itself and beside the last accepted one?

A guard returns None for a price it has nothing against. A rejected price is never used; one in
quarantine waits for a second source or a person.
"""

from decimal import Decimal
from typing import NamedTuple

from pricing import gpus
from pricing.things import GPU, Quote, plain

REJECTED, QUARANTINED = "rejected", "quarantined"

# USD per million tokens. The dearest model ever sold cost 600; a slip of a unit is 1,000 or more.
LOWEST_MTOK, HIGHEST_MTOK = Decimal("0.001"), Decimal(1000)
UNUSUAL_MTOK = Decimal(200)
# A cached or a batch token may cost a small part of a full one.
LOWEST_PART_MTOK = Decimal("0.0001")
PARTS = {"cached_input", "batch_input", "batch_output"}
JUMP = 3
# Rough, and only to hold other currencies against bands that are a thousandfold wide.
ROUGH_UNITS_PER_USD = {"JPY": 150, "KRW": 1400, "INR": 85, "CNY": 7, "HUF": 360, "CZK": 23}


class Verdict(NamedTuple):
    """Why a price is not simply accepted."""

    status: str
    guard: str
    reason: str


def no_free_lunch(quote: Quote) -> Verdict | None:
    """Zero, negative and missing prices mean that the price is unknown, never that it is free."""
    if quote.amount is None:
        return Verdict(REJECTED, "no_free_lunch", f"“{quote.written[:60]}” is no price: unknown")
    if quote.amount <= 0:
        return Verdict(
            REJECTED, "no_free_lunch", f"{plain(quote.amount)} is no price: unknown, not free"
        )
    return None


def explicit_currency(quote: Quote) -> Verdict | None:
    """A price whose currency nobody stated is not taken for dollars."""
    if quote.currency:
        return None
    seller = quote.thing.provider
    return Verdict(QUARANTINED, "explicit_currency", f"the currency of {seller} is not known")


def within_band(quote: Quote) -> Verdict | None:
    """A price outside what such a thing can cost is a slip of unit or point."""
    if quote.amount is None:
        return None
    amount = quote.amount / ROUGH_UNITS_PER_USD.get(quote.currency, 1)
    lowest, highest = _band(quote)
    if not lowest <= amount <= highest:
        says = f"{plain(quote.amount)} is outside {lowest:f} to {highest:f} {quote.currency} {_UNITS[quote.unit]}"
        return Verdict(REJECTED, "within_band", says)
    if quote.unit == "mtok" and amount > UNUSUAL_MTOK:
        says = f"{plain(quote.amount)} is above {UNUSUAL_MTOK} {quote.currency} per million tokens"
        return Verdict(QUARANTINED, "within_band", says)
    return None


def no_jump(quote: Quote, *, before: Decimal | None) -> Verdict | None:
    """A price that tripled or fell to a third overnight needs a second opinion."""
    if before is None or quote.amount is None or before / JUMP < quote.amount < before * JUMP:
        return None
    times = quote.amount / before
    way = f"{times:.1f} times" if times > 1 else f"1/{1 / times:.1f} of"
    return Verdict(
        QUARANTINED, "no_jump", f"{way} the last price, {plain(before)}: needs confirmation"
    )


def judge(quote: Quote, *, before: Decimal | None) -> Verdict | None:
    """Return the first objection of any guard, the gravest kinds first, None when there is none."""
    return (
        no_free_lunch(quote)
        or within_band(quote)
        or explicit_currency(quote)
        or no_jump(quote, before=before)
    )


_UNITS = {"mtok": "per million tokens", "gpu_hour": "per GPU and hour", "gpu": "per GPU"}


def _band(quote: Quote) -> tuple[Decimal, Decimal]:
    if quote.thing.kind == GPU and quote.unit == "gpu_hour":
        return gpus.band(quote.thing.gpu)
    if quote.thing.kind == GPU:
        return Decimal(50), Decimal(200_000)
    return (LOWEST_PART_MTOK if quote.measure in PARTS else LOWEST_MTOK), HIGHEST_MTOK
