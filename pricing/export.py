"""How does a list of prices leave the product as a file?

Text cells that a spreadsheet would run as a formula are made plain text; numbers stay numbers.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from pricing.listing import Row
from pricing.things import plain

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "offer_id", "kind", "provider", "host", "model", "source_name", "weights", "quantization", "region",
    "gpu", "gpu_is_known", "gpu_count", "mode", "term_months",
)  # fmt: skip
Record = Mapping[str, Any]


def asked_form(request: HttpRequest) -> str:
    """Return "csv" or "json" when a page is asked for as a file, else ""."""
    asked = request.GET.get("download", "")
    return asked if asked in ("csv", "json") else ""


def answer(found: Sequence[Record], *, form: str, name: str) -> HttpResponse:
    """Return records as a file to keep."""
    if form == "json":
        body: HttpResponse = JsonResponse([_jsonable(record) for record in found], safe=False)
    else:
        body = HttpResponse(as_csv(found), content_type="text/csv; charset=utf-8")
    body["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return body


def records(rows: list[Row], target: str) -> list[dict[str, Any]]:
    """Return one plain record for each price, with its worth in the target currency."""
    return [
        {
            **{name: getattr(row.offer, name) for name in COLUMNS},
            "measure": shown.price.measure,
            "amount": shown.price.amount,
            "currency": shown.price.currency,
            "unit": shown.price.unit,
            "converted_amount": None if shown.converted is None else round(shown.converted, 9),
            "converted_currency": target,
            "source": shown.price.source,
            "source_url": shown.price.source_url,
            "seen_at": shown.price.seen_at,
            "checked_at": shown.price.checked_at,
            "valid_until": shown.price.valid_until,
            "status": shown.price.status,
            "is_quote": shown.price.is_quote,
            "is_bundled": shown.price.is_bundled,
            "is_stale": shown.price.is_stale,
        }
        for row in rows
        for shown in row.prices
    ]


def as_csv(found: Sequence[Record]) -> str:
    """Return the records as CSV with a header."""
    out = io.StringIO()
    writer = csv.writer(out)
    if found:
        writer.writerow(found[0])
    writer.writerows([_cell(value) for value in record.values()] for record in found)
    return out.getvalue()


def _jsonable(record: Record) -> dict[str, Any]:
    # A float writes every digit that the book keeps of such an amount, and no more.
    return {n: float(v) if isinstance(v, Decimal) else _plain(v) for n, v in record.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date) else value


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith(FORMULA_STARTS):
        return f"'{value}"
    return _plain(value)
