"""How do numbers read in a sentence?"""

import math
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MINUS = "\N{MINUS SIGN}"


def cents(amount: Decimal) -> Decimal:
    """Round money to two decimals, halves up.

    >>> cents(Decimal("2.345"))
    Decimal('2.35')
    """
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def money(amount: Decimal) -> str:
    """Write a sum: two decimals and thousands separators, or none where there are no cents.

    >>> money(Decimal(3650)), money(Decimal("1234.5"))
    ('3,650', '1,234.50')
    """
    text = f"{cents(amount):,.2f}"
    return text.removesuffix(".00")


def sum_of(amount: Decimal, currency: str) -> str:
    """Write a sum for a sentence: whole units from 1,000 on, two places below, more for tiny prices.

    >>> sum_of(Decimal("5522.88"), "EUR"), sum_of(Decimal("2.805"), "EUR"), sum_of(Decimal(740), "")
    ('EUR 5,523', 'EUR 2.81', '740')
    """
    return f"{currency} {_shortened(amount)}".strip()


def _shortened(value: Decimal) -> str:
    size = abs(value)
    if size == size.to_integral_value() or size >= 1000:
        return signed(f"{size.quantize(Decimal(1), ROUND_HALF_UP):,}", value)
    if size >= Decimal("0.1"):
        return signed(f"{size.quantize(CENT, ROUND_HALF_UP):,}", value)
    # Prices per token-million go far below a cent; two places would write them as 0.
    text = f"{size:.{max(2, places_for(size, digits=3))}f}"
    whole, _, rest = text.partition(".")
    return signed(f"{whole}.{rest.rstrip('0').ljust(2, '0')}", value)


def places_for(value: Decimal, *, digits: int) -> int:
    """Return how many places show that many digits that are not leading zeros.

    >>> places_for(Decimal("0.00037"), digits=2)
    5
    """
    return digits - 1 - math.floor(math.log10(abs(value)))


def signed(text: str, value: Decimal) -> str:
    """Put a minus before the text of a negative value, unless the text reads as zero.

    >>> signed("12.50", Decimal("-12.5")), signed("0", Decimal("-0.1"))
    ('−12.50', '0')
    """
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def price(amount: Decimal) -> str:
    """Write a price: at least two decimals, up to six where they carry something.

    >>> price(Decimal("2.5")), price(Decimal("0.075")), price(Decimal("120000"))
    ('2.50', '0.075', '120,000.00')
    """
    whole, _, decimals = f"{amount:,.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def quantity(amount: Decimal | float) -> str:
    """Write a quantity without needless zeros, to six decimals.

    >>> quantity(Decimal("2.0")), quantity(1300.0), quantity(Decimal("0.25"))
    ('2', '1,300', '0.25')
    """
    text = f"{amount:,.6f}"
    return text.rstrip("0").rstrip(".")


def tokens(amount: Decimal | float) -> str:
    """Write a number of tokens in millions, or in billions from a billion on.

    >>> tokens(1.3e9), tokens(Decimal(130_000_000))
    ('1.3 billion tokens', '130 million tokens')
    """
    number = float(amount)
    if number >= 1e9:
        return f"{quantity(round(number / 1e9, 2))} billion tokens"
    return f"{quantity(round(number / 1e6, 2))} million tokens"


def percent(share: Decimal | float) -> str:
    """Write a share as a percentage with one decimal.

    >>> percent(0.053), percent(Decimal("0.2"))
    ('5.3 %', '20.0 %')
    """
    return f"{float(share) * 100:.1f} %"
