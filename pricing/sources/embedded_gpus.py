"""What did GPUs cost on the day that the table inside the product was made?

For a first run without a network. Every price of it is shown as bundled, with its day.
"""

import csv
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pricing import gpus
from pricing.models import BUNDLED
from pricing.sources import Fetched, parse
from pricing.sources.client import Client
from pricing.things import GPU, BadAnswer, Quote, Reading, Thing

NAME = "embedded_gpus"
TITLE = "GPU prices inside the product"
DEFAULT_URL = None
# It never changes between releases; the command that loads embedded prices reads it.
IS_ON = False

TABLE = Path(__file__).parent.parent / "data" / "gpu_prices.csv"
COLUMNS = {
    "provider", "host", "gpu", "gpu_count", "mode", "term_months", "region", "amount", "currency",
    "source_url", "as_of",
}  # fmt: skip


def fetch(client: Client, url: str, at: datetime) -> Fetched:
    """Return the table; nothing is asked for over the network."""
    return bundled(at)


def bundled(at: datetime) -> Fetched:
    """Return the table inside the product, which speaks for the day in its rows."""
    body = TABLE.read_bytes()
    days = {row["as_of"] for row in csv.DictReader(io.StringIO(body.decode()))}
    day = parse.midnight(max(days))
    return Fetched(body=body, url="", revision=f"{BUNDLED} {max(days)}", as_of=day)


def read(body: bytes, *, at: datetime) -> Reading:
    """Return the rows: an amount is for one GPU and one hour."""
    quotes: list[Quote] = []
    faults: list[str] = []
    for number, row in enumerate(parse.table(body, columns=COLUMNS), start=2):
        if row is None:
            faults.append(f"line {number} has another number of fields than the header")
        else:
            quotes.append(_quote(row))
    parse.refuse_if_broken(rows=len(quotes) + len(faults), faults=faults)
    return Reading(quotes, faults)


def _quote(row: dict[str, str]) -> Quote:
    found = gpus.find(row["gpu"])
    try:
        count, term = int(row["gpu_count"]), int(row["term_months"])
    except ValueError as error:
        raise BadAnswer(
            f"its row of {row['provider']} {row['gpu']} has no whole numbers"
        ) from error
    amount: Decimal | None = parse.decimal_of(row["amount"])
    return Quote(
        thing=Thing(
            kind=GPU,
            provider=row["provider"],
            host=row["host"],
            mode=row["mode"],
            region=row["region"],
            gpu=found.name if found else row["gpu"],
            gpu_is_known=found is not None,
            gpu_count=count,
            term_months=term,
        ),
        measure="gpu_hour",
        amount=amount,
        currency=row["currency"],
        unit="gpu_hour",
        url=row["source_url"],
        written=row["amount"],
    )
