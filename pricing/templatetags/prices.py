"""How does a page write a price exactly as its source gives it?"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import template
from django.utils import timezone

from pricing.freshness import NOTICE_DAYS
from pricing.things import plain

register = template.Library()


@register.filter
def exact(amount: Any, currency: str = "") -> str:
    """Write an amount with every digit it has; "unknown" when there is none.

    >>> exact(Decimal("0.200000000"), "USD"), exact(None, "USD"), exact(Decimal("2"), "EUR")
    ('USD 0.20', 'unknown', 'EUR 2.00')
    """
    if not isinstance(amount, Decimal):
        return "unknown"
    whole, _, rest = plain(amount).partition(".")
    return f"{currency or 'currency unknown'} {int(whole):,}.{rest.ljust(2, '0')}"


@register.filter
def is_web(address: Any) -> bool:
    """Return whether an address may be made a link: only http and https are.

    >>> is_web("https://example.org/prices"), is_web("javascript:alert(1)"), is_web("")
    (True, False, False)
    """
    try:
        return urlsplit(str(address)).scheme in ("http", "https")
    except ValueError:
        return False


@register.filter
def days_left(until: Any) -> int | None:
    """Return in how many days a price ends, today 0; None when that is not known or past."""
    if not isinstance(until, datetime) or until <= timezone.now():
        return None
    return (until - timezone.now()).days


@register.filter
def ends_soon(until: Any) -> bool:
    """Return whether a price ends within the days of which notice is given."""
    left = days_left(until)
    return left is not None and left <= NOTICE_DAYS
