"""How are figures and dates written for people? Filters that every template has without loading.

What is not known is written "unknown", never 0. Units stand beside their number.
"""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from decisions import words

register = template.Library()
UNKNOWN = "unknown"
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """Write an amount with its currency: whole units from 1,000 on, two places below.

    >>> money(Decimal("3650"), "EUR"), money(2.805, "EUR"), money(-12.5, "EUR"), money(None, "EUR")
    ('EUR 3,650', 'EUR 2.81', 'EUR −12.50', 'unknown')
    >>> money(0, "EUR"), money("0.000375", "USD"), money(1234.56, "EUR")
    ('EUR 0', 'USD 0.000375', 'EUR 1,235')
    """
    known = _decimal(amount)
    if known is None:
        return UNKNOWN
    return words.sum_of(known, currency)


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """Write a number with separators: as many places as given, else at most two that say something.

    >>> number(1234567), number(0.5), number(2.0), number(12.345, 1), number(None), number(-3)
    ('1,234,567', '0.5', '2', '12.3', 'unknown', '−3')
    """
    known = _decimal(value)
    if known is None:
        return UNKNOWN
    if places is not None:
        return words.signed(f"{abs(known):,.{places}f}", known)
    places = 2 if abs(known) >= 1 or not known else words.places_for(known, digits=2)
    text = f"{abs(known):,.{places}f}"
    return words.signed(text.rstrip("0").rstrip(".") if "." in text else text, known)


@register.filter
def tokens(value: Any) -> str:
    """Write a number of tokens in three digits and a letter: k, M, B (thousand million) or T.

    >>> tokens(1_300_000_000), tokens(6_412_000_000), tokens(130_000_000), tokens(950), tokens(1)
    ('1.3 B tokens', '6.41 B tokens', '130 M tokens', '950 tokens', '1 token')
    >>> tokens(999_999_999), tokens(None)
    ('1 B tokens', 'unknown')
    """
    text = short(value)
    if text == UNKNOWN:
        return text
    return f"{text} {'token' if text == '1' else 'tokens'}"


@register.filter
def short(value: Any) -> str:
    """Write a number in three digits and a letter.

    >>> short(1_300_000_000), short(12_345), short(0), short(0.25)
    ('1.3 B', '12.3 k', '0', '0.25')
    """
    known = _decimal(value)
    if known is None:
        return UNKNOWN
    size = float(f"{abs(known):.3g}")
    for step, letter in _STEPS:
        if size >= step:
            return words.signed(f"{size / step:.3g} {letter}", known)
    return words.signed(f"{size:.3g}", known)


@register.filter
def percent(share: Any) -> str:
    """Write a share between 0 and 1 in per cent; a small one keeps a digit that says something.

    >>> percent(0.05), percent(0.054), percent(1), percent(0.0004), percent(0), percent(None)
    ('5%', '5.4%', '100%', '0.04%', '0%', 'unknown')
    """
    known = _decimal(share)
    if known is None:
        return UNKNOWN
    return number(known * 100, None if abs(known) < Decimal("0.01") else 1).removesuffix(".0") + "%"


@register.filter
def change(share: Any) -> str:
    """Write a change as a share, with its sign.

    >>> change(Decimal("0.25")), change(-0.2), change(None)
    ('+25%', '−20%', 'unknown')
    """
    text = percent(share)
    return text if text == UNKNOWN or text.startswith(words.MINUS) else f"+{text}"


@register.filter
def tokens_per_s(value: Any) -> str:
    """Write a rate of tokens.

    >>> tokens_per_s(1234.6), tokens_per_s(None)
    ('1,235 tokens/s', 'unknown')
    """
    text = number(value, 0)
    return text if text == UNKNOWN else f"{text} tokens/s"


@register.filter
def per_mtok(amount: Any, currency: str = "") -> str:
    """Write a price of a million tokens.

    >>> per_mtok(2.81, "EUR"), per_mtok(None, "EUR")
    ('EUR 2.81 per M tokens', 'unknown')
    """
    text = money(amount, currency)
    return text if text == UNKNOWN else f"{text} per M tokens"


@register.filter
def months(value: Any) -> str:
    """Write a number of months.

    >>> months(Decimal("2.63")), months(1), months(36), months(None)
    ('2.6 months', '1 month', '36 months', 'unknown')
    """
    text = number(value, 1).removesuffix(".0")
    return text if text == UNKNOWN else f"{text} {'month' if text == '1' else 'months'}"


@register.filter
def when(value: Any) -> SafeString:
    """Write a date, or a time in the reader's zone, in a form that machines read too.

    >>> when(date(2026, 11, 3))
    '<time datetime="2026-11-03">3 Nov 2026</time>'
    >>> when("2026-11-03"), when(None), when("")
    ('<time datetime="2026-11-03">3 Nov 2026</time>', 'unknown', 'unknown')
    """
    if isinstance(value, str):
        value = _moment(value)
    if isinstance(value, datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        text = f"{local.day} {local:%b %Y, %H:%M}"
        return format_html('<time datetime="{}">{}</time>', local.isoformat("T", "minutes"), text)
    if isinstance(value, date):
        text = f"{value.day} {value:%b %Y}"
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)
    return format_html("{}", UNKNOWN)


@register.filter
def plural_of(count: Any, noun: str) -> str:
    """Write a count and its noun; an irregular plural follows a comma.

    >>> plural_of(1, "option"), plural_of(3, "option"), plural_of(2, "team has,teams have")
    ('1 option', '3 options', '2 teams have')
    >>> plural_of(None, "option")
    'unknown'
    """
    text = number(count)
    if text == UNKNOWN:
        return text
    one, _, many = noun.partition(",")
    return f"{text} {one if text == '1' else many or one + 's'}"


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """Return `mapping[key]`, or None when there is no such key or no mapping.

    >>> get({"a": 1}, "a"), get({"a": 1}, "b"), get(None, "a")
    (1, None, None)
    """
    return mapping.get(key) if isinstance(mapping, dict) else None


def _decimal(value: Any) -> Decimal | None:
    """Return the number, or None for what is missing, empty, infinite or no number."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        known = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None
    return known if known.is_finite() else None


def _moment(text: str) -> date | datetime | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None
