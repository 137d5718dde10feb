"""What stands in the cells of an uploaded CSV or XLSX file? Bounded: a hostile file costs little.

Every cell comes back as text, so a formula is a text like any other and is never worked out.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

MOST_ROWS = 2_000
MOST_COLUMNS = 40
LONGEST_CELL = 500
LARGEST_BYTES = 5 * 1024 * 1024
# What an XLSX file may hold unpacked: it is a folder of XML in a zip, and a bomb unpacks to gigabytes.
LARGEST_UNPACKED_BYTES = 20 * 1024 * 1024
MOST_PARTS = 200
_CHUNK = 256 * 1024

Row = tuple[int, list[str]]


class BadTable(Exception):
    """A file that cannot be read as a table; the text says where and why."""


def read(file: IO[bytes], *, name: str, size_bytes: int) -> list[Row]:
    """Return the rows that hold anything, each with its number in the file. Raises BadTable."""
    if size_bytes > LARGEST_BYTES:
        raise BadTable(f"The file is larger than {LARGEST_BYTES // 1024 // 1024} MB.")
    file.seek(0)
    is_zip = file.read(4) == b"PK\x03\x04"
    file.seek(0)
    ending = name.lower().rpartition(".")[2]
    if ending not in ("csv", "xlsx") or is_zip != (ending == "xlsx"):
        raise BadTable("The file must be a CSV or an XLSX file, and be named so.")
    rows = _xlsx_rows(file) if is_zip else _csv_rows(file)
    found = list(islice(_bounded(rows), MOST_ROWS + 2))
    if len(found) > MOST_ROWS + 1:
        raise BadTable(f"The file has more than {MOST_ROWS:,} rows of quotes. Split it.")
    return found


def _bounded(rows: Iterable[Iterable[Any]]) -> Iterator[Row]:
    for number, cells in enumerate(rows, start=1):
        # Rows of nothing between others would let a small file go on for ever.
        if number > 10 * MOST_ROWS:
            raise BadTable(f"The table goes on after row {10 * MOST_ROWS:,}.")
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if len(texts) > MOST_COLUMNS:
            raise BadTable(f"Row {number} has {len(texts)} columns, more than {MOST_COLUMNS}.")
        for place, text in enumerate(texts):
            if len(text) > LONGEST_CELL:
                where = f"Row {number}, column {place + 1}"
                raise BadTable(f"{where}: longer than {LONGEST_CELL} characters.")
        if texts:
            yield number, texts


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    # PostgreSQL stores no NUL, and no page shows one.
    return str(cell).replace("\x00", "␀").strip()


def _csv_rows(file: IO[bytes]) -> Iterator[list[str]]:
    try:
        text = file.read(LARGEST_BYTES + 1).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable("The file is not in UTF-8. Save it as “CSV UTF-8”.") from error
    first = text[: text.find("\n")] if "\n" in text else text
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise BadTable(f"Line {reader.line_num} is no CSV: {error}.") from error


def _xlsx_rows(file: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    # Loaded with the first such file: an idle product has no need of it.
    from openpyxl import load_workbook

    _check_parts(file)
    try:
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # The size that the file itself states may be a lie.
        sheet.reset_dimensions()
        yield from sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)
    except BadTable:
        raise
    except Exception as error:
        raise BadTable("The file cannot be read as XLSX. Save it again, or as CSV.") from error


def _check_parts(file: IO[bytes]) -> None:
    """Refuse what unpacks to too much, and XML that declares entities, before anything reads it."""
    try:
        with zipfile.ZipFile(file) as packed:
            parts = packed.infolist()
            # A part never unpacks to more than it states: the reader stops there.
            if len(parts) > MOST_PARTS or sum(p.file_size for p in parts) > LARGEST_UNPACKED_BYTES:
                raise BadTable("The file unpacks to more than a table of quotes needs.")
            for part in parts:
                _check_xml(packed, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadTable("The file is a broken or locked XLSX file.") from error
    file.seek(0)


def _check_xml(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    tail = b""
    with packed.open(part) as unpacked:
        while chunk := unpacked.read(_CHUNK):
            # Other encodings could hide it: a spreadsheet writes UTF-8.
            seen = (tail + chunk).replace(b"\0", b"").upper()
            if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                raise BadTable("The file declares XML entities, which no table of quotes does.")
            tail = chunk[-20:]
