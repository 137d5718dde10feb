"""How are the values of a record written for people who read it years later?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from decisions import words
from decisions.rendering.labels import FIELDS, UNITS
from decisions.templatetags import figures

NOTHING = "–"


def moment(text: str) -> str:
    """Write a time for people, in UTC and saying so.

    >>> moment("2026-11-23T20:43:42.123456+01:00")
    '23 November 2026, 19:43:42 UTC'
    """
    if not text:
        return NOTHING
    at = datetime.fromisoformat(text).astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M:%S} UTC"


def day(text: str) -> str:
    """Write a date for people.

    >>> day("2026-12-31"), day("")
    ('31 December 2026', '–')
    """
    if not text:
        return NOTHING
    on = date.fromisoformat(text[:10])
    return f"{on.day} {on:%B %Y}"


@dataclass(frozen=True)
class Money:
    """Writes sums of one currency, as the product's pages do. An unknown sum is never a zero."""

    currency: str

    def __call__(self, amount: Any) -> str:
        """Write a sum with its currency."""
        return figures.money(amount, self.currency)

    def bare(self, amount: Any) -> str:
        """Write a sum whose currency stands in the column's head."""
        return figures.money(amount)


def exact_price(amount: Any, currency: str) -> str:
    """Write a price with all decimals that count: an auditor compares it with its source.

    >>> exact_price("2.0548", "EUR"), exact_price(None, "EUR")
    ('EUR 2.0548', 'unknown')
    """
    if amount is None:
        return figures.UNKNOWN
    return f"{currency} {words.price(Decimal(str(amount)))}"


def label(field: str) -> str:
    """Return what a field is called for people: its own name, spelled out, when it has none.

    >>> label("ops_fte"), label("something_new")
    ('operations', 'something new')
    """
    return FIELDS.get(field, field.replace("_", " "))


def share(value: float | str) -> str:
    """Write a share that people typed in, with all its decimals: 99.95 % is not 100 %.

    >>> share(0.9995), share(0.2)
    ('99.95%', '20%')
    """
    return f"{Decimal(str(value)) * 100:,.6f}".rstrip("0").rstrip(".") + "%"


def value(field: str, given: Any, money: Money) -> str:
    """Write the value of a field with its unit.

    >>> euros = Money("EUR")
    >>> value("input_per_mtok", 3, euros), value("ops_fte", 0.25, euros)
    ('EUR 3.00 per million tokens', '0.25 people (FTE)')
    >>> value("input_tokens_per_month", 1e9, euros), value("privacy", True, euros)
    ('1 B tokens', 'yes')
    """
    unit = UNITS.get(field, "")
    if isinstance(given, bool) or not isinstance(given, int | float):
        return plain(given, money)
    if field.endswith("_tokens_per_month"):
        return figures.tokens(given)
    if unit == "%":
        return share(given)
    if unit.startswith("money per"):
        return f"{exact_price(given, money.currency)}{unit.removeprefix('money')}"
    if unit.startswith("money"):
        return f"{money(given)}{unit.removeprefix('money')}"
    return f"{figures.number(given)} {unit}".strip()


def plain(given: Any, money: Money) -> str:
    """Write a value of any form: a text, a list, or fields of its own."""
    if given is None or given == "":
        return NOTHING
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, int | float):
        return figures.number(given)
    if isinstance(given, Mapping):
        return ", ".join(f"{label(f)} {value(f, v, money)}" for f, v in given.items())
    if isinstance(given, list):
        return "; ".join(plain(each, money) for each in given)
    return str(given)
