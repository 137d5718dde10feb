"""How does a list of prices leave the product as a file?

Text cells that a spreadsheet would run as a formula are made plain text; numbers stay numbers.
"""

import csv
import io
from typing import Any

from pricing.listing import Row
from pricing.things import plain

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "offer_id", "kind", "provider", "host", "model", "source_name", "weights", "quantization", "region",
    "gpu", "gpu_count", "mode", "term_months",
)  # fmt: skip


def records(rows: list[Row]) -> list[dict[str, Any]]:
    """Return one plain record for each price."""
    return [
        {
            **{name: getattr(row.offer, name) for name in COLUMNS},
            "measure": shown.price.measure,
            "amount": plain(shown.price.amount),
            "currency": shown.price.currency,
            "unit": shown.price.unit,
            "in_eur": None if shown.in_eur is None else plain(round(shown.in_eur, 9)),
            "source": shown.price.source,
            "source_url": shown.price.source_url,
            "seen_at": shown.price.seen_at.isoformat(),
            "checked_at": shown.price.checked_at.isoformat() if shown.price.checked_at else None,
            "status": shown.price.status,
            "is_bundled": shown.price.is_bundled,
            "is_stale": shown.price.is_stale,
        }
        for row in rows
        for shown in row.prices
    ]


def as_csv(found: list[dict[str, Any]]) -> str:
    """Return the records as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out)
    if found:
        writer.writerow(found[0])
    writer.writerows([_cell(value) for value in record.values()] for record in found)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
