"""What does a source say, before anybody has judged it? Plain values, no database."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

TOKEN, GPU = "token", "gpu"
ON_DEMAND, SPOT, RESERVED = "on_demand", "spot", "reserved"
LONGEST_KEY = 400
# One seller's models are written with and without the folder they lie in.
FIREWORKS_FOLDER = "accounts/fireworks/models/"
SERVERLESS, PURCHASE = "serverless", "purchase"


class Thing(NamedTuple):
    """One thing that is sold. `key` is its identity: two sources that mean the same give the same."""

    kind: str
    provider: str
    host: str
    mode: str
    model: str = ""
    source_name: str = ""
    quantization: str = ""
    region: str = ""
    gpu: str = ""
    gpu_is_known: bool = False
    gpu_count: int = 0
    term_months: int = 0
    is_alias: bool = False
    # What the source itself says of the weights; our own list of families comes first.
    weights: str = "unknown"

    @property
    def key(self) -> str:
        """Return the identity as one text."""
        if self.kind == TOKEN:
            name = self.source_name.lower().removeprefix(FIREWORKS_FOLDER)
            parts = [TOKEN, self.provider, self.host, name, self.quantization, self.region]
        else:
            terms = f"{self.mode}-{self.term_months}" if self.term_months else self.mode
            sold = f"{self.gpu_count}x{self.gpu}"
            parts = [GPU, self.provider, self.host, sold, self.region, terms]
        return "|".join(parts).replace("\x00", "␀")[:LONGEST_KEY]


class Quote(NamedTuple):
    """One price of one thing, as a source gives it.

    `amount` is None when the source names the thing but no usable number; `written` is what it wrote.
    `valid_from` dates a price that the source itself dates.
    """

    thing: Thing
    measure: str
    amount: Decimal | None
    currency: str
    unit: str
    url: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    written: str = ""


class Reading(NamedTuple):
    """What an answer holds: its quotes, and what was wrong with rows that could not be read.

    `silent_about` are models, by the source's own names, of whose hosts the answer says nothing: that
    one is not listed does not mean that it is gone.
    """

    quotes: list[Quote]
    faults: list[str]
    silent_about: frozenset[str] = frozenset()


class BadAnswer(Exception):
    """An answer that is refused whole; the text says why to the person who looks after sources."""


def plain(amount: Decimal) -> str:
    """Write an amount without an exponent or trailing zeros.

    >>> plain(Decimal("0.200000000")), plain(Decimal("1E+3"))
    ('0.2', '1000')
    """
    return f"{amount.normalize():f}"
