"""How do numbers read in a sentence?"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


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
