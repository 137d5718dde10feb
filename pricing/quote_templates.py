"""Which file does somebody start from who uploads quotes? The columns, each explained, and examples."""

import csv
import io

from pricing.quote_rows import COLUMNS, NAMES

# What the names of sellers show here is that they are none.
EXAMPLES: tuple[dict[str, str | int | float], ...] = (
    {
        "kind": "gpu", "provider": "example-cloud", "gpu": "H100-SXM", "gpu_count": 8,
        "terms": "reserved", "term_months": 12, "region": "eu-north", "currency": "EUR",
        "price_per_gpu_hour": 1.85, "valid_until": "2099-12-31", "evidence": "example: offer 4711",
    },
    {
        "kind": "gpu", "provider": "example-dealer", "gpu": "H100-SXM", "gpu_count": 8,
        "terms": "owned", "currency": "USD", "purchase_per_gpu": 27500, "evidence": "example: mail of 3 May",
    },
    {
        "kind": "tokens", "provider": "example-host", "model": "Llama-3.3-70B-Instruct", "quantization": "fp8",
        "currency": "USD", "input_per_mtok": 0.55, "output_per_mtok": 0.7, "evidence": "example: contract 12",
    },
)  # fmt: skip


def as_csv() -> bytes:
    """Return the template as CSV: the heading and examples, to be replaced."""
    out = io.StringIO()
    writer = csv.DictWriter(out, NAMES)
    writer.writeheader()
    writer.writerows(EXAMPLES)
    # The mark at the beginning tells spreadsheets that it is UTF-8.
    return out.getvalue().encode("utf-8-sig")


def as_xlsx() -> bytes:
    """Return the template as XLSX: the table, and a second sheet that explains its columns."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    table = book.active
    table.title = "Quotes"
    table.append(NAMES)
    for example in EXAMPLES:
        table.append([example.get(name) for name in NAMES])
    explained = book.create_sheet("Columns")
    explained.append(("column", "what it is", "what may stand there"))
    for row in COLUMNS:
        explained.append(row)
    for sheet in (table, explained):
        sheet.freeze_panes = "A2"
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for column in sheet.columns:
            longest = max(len(str(cell.value or "")) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = longest + 2
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
