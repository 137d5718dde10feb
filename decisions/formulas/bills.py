"""What do an API and a rented machine cost in a month?

Money is ``Decimal`` in whatever currency the prices are in. A token is one token; prices of
tokens are per million (``per_mtok``).
"""

from dataclasses import dataclass
from decimal import Decimal

HOURS_PER_MONTH = Decimal(730)
"""Hours in a mean month: 8,760 / 12."""

TOKENS_PER_MTOK = Decimal(1_000_000)


@dataclass(frozen=True, kw_only=True)
class TokenPrices:
    """What an API asks per million tokens, and the share it takes off for batch work."""

    input_per_mtok: Decimal
    output_per_mtok: Decimal
    cached_input_per_mtok: Decimal
    batch_discount: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class TokenVolume:
    """A month's tokens, and which share of them is billed at a special price."""

    input_tokens: Decimal
    output_tokens: Decimal
    cached_input_share: Decimal = Decimal(0)
    batch_share: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, kw_only=True)
class TokenClass:
    """One class of tokens on an API's bill: how many, and the price per million."""

    name: str
    tokens: Decimal
    per_mtok: Decimal

    @property
    def cost(self) -> Decimal:
        """Money per month for this class."""
        return self.tokens * self.per_mtok / TOKENS_PER_MTOK


def token_classes(*, volume: TokenVolume, prices: TokenPrices) -> list[TokenClass]:
    """Split a month's tokens into the classes that an API bills, leaving out the empty ones.

    The batch share is taken evenly from fresh input, cached input and output.
    """
    cached = volume.input_tokens * volume.cached_input_share
    direct = [
        ("input tokens", volume.input_tokens - cached, prices.input_per_mtok),
        ("cached input tokens", cached, prices.cached_input_per_mtok),
        ("output tokens", volume.output_tokens, prices.output_per_mtok),
    ]
    classes = []
    for name, tokens, per_mtok in direct:
        in_batch = tokens * volume.batch_share
        batch_price = per_mtok * (1 - prices.batch_discount)
        classes.append(TokenClass(name=name, tokens=tokens - in_batch, per_mtok=per_mtok))
        classes.append(TokenClass(name=f"batch {name}", tokens=in_batch, per_mtok=batch_price))
    return [each for each in classes if each.tokens]


def api_bill(*, volume: TokenVolume, prices: TokenPrices) -> Decimal:
    """Return the money per month of an API: the sum of tokens × price over the token classes.

    The monthly total is never priced as though it were one request, which would set off a
    provider's long-context tier.

    The article's closed API at 1,000 M + 300 M tokens, and its managed open model:

    >>> million = Decimal(1_000_000)
    >>> volume = TokenVolume(input_tokens=1000 * million, output_tokens=300 * million)
    >>> closed = TokenPrices(input_per_mtok=Decimal(3), output_per_mtok=Decimal(15),
    ...                      cached_input_per_mtok=Decimal(3))
    >>> api_bill(volume=volume, prices=closed)
    Decimal('7500')
    >>> managed = TokenPrices(input_per_mtok=Decimal("0.5"), output_per_mtok=Decimal("0.8"),
    ...                       cached_input_per_mtok=Decimal("0.5"))
    >>> api_bill(volume=volume, prices=managed)
    Decimal('740.0')
    """
    classes = token_classes(volume=volume, prices=prices)
    return sum((each.cost for each in classes), Decimal(0))


def rent(
    *, gpus: Decimal, price_per_gpu_hour: Decimal, hours_per_month: Decimal = HOURS_PER_MONTH
) -> Decimal:
    """Return the rent per month: GPUs × price per GPU-hour × hours.

    How busy the machines are never changes this bill: they are paid for while they stand idle.

    >>> rent(gpus=Decimal(2), price_per_gpu_hour=Decimal("2.50"))
    Decimal('3650.00')
    >>> rent(gpus=Decimal(2), price_per_gpu_hour=Decimal("1.50"))
    Decimal('2190.00')
    """
    return gpus * price_per_gpu_hour * hours_per_month


def price_per_gpu_hour(
    *, monthly_cost: Decimal, gpus: Decimal, hours_per_month: Decimal = HOURS_PER_MONTH
) -> Decimal | None:
    """Return what one GPU-hour costs when only the bill is known. None without GPUs or hours.

    The article's three reserved H100 for 4,500 a month are dearer than its own reserved range:

    >>> round(price_per_gpu_hour(monthly_cost=Decimal(4500), gpus=Decimal(3)), 3)
    Decimal('2.055')
    """
    gpu_hours = gpus * hours_per_month
    return monthly_cost / gpu_hours if gpu_hours else None


def per_mtok(*, monthly_cost: Decimal, tokens_per_month: Decimal) -> Decimal | None:
    """Return the blended money per million tokens. None when there are no tokens.

    >>> per_mtok(monthly_cost=Decimal(740), tokens_per_month=Decimal(1_300_000_000))
    Decimal('0.5692307692307692307692307692')
    """
    if not tokens_per_month:
        return None
    return monthly_cost * TOKENS_PER_MTOK / tokens_per_month


def markup(*, dearer: Decimal, cheaper: Decimal) -> Decimal | None:
    """Return how many times one price is of another. None when the cheaper one is free.

    >>> markup(dearer=Decimal(15), cheaper=Decimal("0.8"))
    Decimal('18.75')
    """
    return dearer / cheaper if cheaper else None
