"""Which files does a record carry inside it?

`record.json` is the truth that the pages print. `evidence.csv` lists the evidence and the prices in
it for people with a spreadsheet; it is made of record.json alone, so it can be compared with it.
"""

import csv
import io
import json
from typing import Any

RECORD = "record.json"
EVIDENCE = "evidence.csv"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("kind", "of", "says", "source", "address", "seen_at")


class Unreadable(Exception):
    """The file cannot be opened as a PDF; the text says why."""


def of(record_json: str) -> dict[str, bytes]:
    """Return the files that belong into the PDF of a record, by name."""
    return {RECORD: record_json.encode(), EVIDENCE: evidence(json.loads(record_json)).encode()}


def evidence(record: dict[str, Any]) -> str:
    """Return the evidence of a record as CSV: what stands behind each answer and each price."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in record.get("checklist", []):
        writer.writerow(map(_cell, ("answer", row["text"], row["evidence"], "", "", "")))
    for price in record.get("prices", []):
        says = f"{price['amount']} {price['currency']}"
        of = f"{price['option']}: {price['field']}"
        known = (price.get(name) or "" for name in ("source", "source_url", "seen_at"))
        writer.writerow(map(_cell, ("price", of, says, *known)))
    return out.getvalue()


def _cell(value: Any) -> str:
    # A spreadsheet would run it.
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def read(pdf: bytes) -> tuple[int, dict[str, bytes]]:
    """Return the number of pages and the files inside a PDF that the product itself made."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        root = PdfFileReader(io.BytesIO(pdf)).root
        listed = root["/Names"]["/EmbeddedFiles"]["/Names"]
        files = {
            str(listed[place + 1]["/UF"]): bytes(listed[place + 1]["/EF"]["/F"].data)
            for place in range(0, len(listed), 2)
        }
        return int(root["/Pages"]["/Count"]), files
    except Exception as error:  # bad files fail in very many ways
        raise Unreadable(str(error)) from error
