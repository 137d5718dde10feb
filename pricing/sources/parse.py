"""How is an answer turned into plain values without believing more than it says?"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from pricing.things import BadAnswer, Quote

PER_MILLION = 1_000_000
# An answer in which more rows than this are broken is broken itself.
MOST_BAD_ROWS = Decimal("0.01")
MOST_DIGITS = 30
# No list of prices is longer: the longest known has 56,000 rows.
MOST_ROWS = 200_000
LONGEST_LINE = 50_000
# The largest machine that anybody lists is a rack of 72.
MOST_GPUS = 1024


def strict_json(body: bytes) -> Any:
    """Return the parsed JSON, numbers with a point as the text they are, or raise BadAnswer.

    `decimal_of` makes exact numbers of those that matter: an answer has many more. Python's parser takes NaN and Infinity, and dies on deep nesting: all three are refused.
    """
    text = text_of(body)
    if text.count("{") > MOST_ROWS:
        raise BadAnswer(_too_long())
    try:
        found = json.loads(text, parse_float=str, parse_constant=_refuse)
    except RecursionError as error:
        raise BadAnswer("it is nested too deeply") from error
    except (ValueError, ArithmeticError) as error:
        what = "an HTML page" if text[:40].strip().startswith("<") else "not valid JSON"
        raise BadAnswer(f"it is {what} ({error})") from error
    if isinstance(found, list | dict) and len(found) > MOST_ROWS:
        raise BadAnswer(_too_long())
    return found


def text_of(body: bytes) -> str:
    """Return the answer as text, or raise BadAnswer when it is not UTF-8 or empty."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadAnswer("it is not UTF-8 text") from error
    if not text.strip():
        raise BadAnswer("it is empty")
    return text


def json_digest(body: bytes) -> str:
    """Return a text that is the same for the same JSON, however it is laid out."""
    return _digest(json.dumps(strict_json(body), sort_keys=True))


def rows_digest(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return a text that is the same for the same rows in any order. Each row's first value is its own."""
    return _digest(repr(sorted(rows)))


def lines_digest(body: bytes) -> str:
    """Return a text that is the same for the same header and the same lines in any order."""
    if body.count(b"\n") > MOST_ROWS:
        raise BadAnswer(_too_long())
    header, *lines = body.splitlines() or [b""]
    return _digest(repr((header, sorted(lines))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def table(body: bytes, *, columns: set[str]) -> Iterator[dict[str, str] | None]:
    """Yield the rows of a CSV by column name, None for a row that is too long or too short.

    Raises BadAnswer when the header lacks a needed column.
    """
    rows = csv.reader(_lines(body), strict=True)
    try:
        header = next(rows)
        if missing := columns - set(header):
            raise BadAnswer(f"its header lacks {', '.join(sorted(missing))}")
        for number, row in enumerate(rows, start=1):
            if number > MOST_ROWS:
                raise BadAnswer(_too_long())
            yield dict(zip(header, row, strict=True)) if len(row) == len(header) else None
    except csv.Error as error:
        raise BadAnswer(f"it is not a readable CSV ({error})") from error


def _lines(body: bytes) -> Iterator[str]:
    text_of(body)
    # Line by line: the whole text at once takes four bytes for each character.
    for line in io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", newline="\n"):
        if len(line) > LONGEST_LINE:
            raise BadAnswer(f"it has a line of more than {LONGEST_LINE:,} characters")
        yield line


def decimal_of(value: Any) -> Decimal | None:
    """Return a finite number, None for anything else: a price that is no number is unknown.

    Nor is one of more than 30 digits before or after its point: arithmetic with it would overflow.

    >>> decimal_of("2.5e-06"), decimal_of(""), decimal_of("NaN"), decimal_of(True), decimal_of([1])
    (Decimal('0.0000025'), None, None, None, None)
    >>> decimal_of("1e999999"), decimal_of("0e-999999")
    (None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= MOST_DIGITS else None


def count_of(value: Any) -> int | None:
    """Return a number of GPUs, None for anything that is no such number.

    >>> count_of("8.0"), count_of("0.5"), count_of("1e30"), count_of("two")
    (8, None, None, None)
    """
    number = decimal_of(value)
    if number is None or not 1 <= number <= MOST_GPUS or number != int(number):
        return None
    return int(number)


def midnight(value: Any) -> datetime | None:
    """Return the start of a day in UTC from "2026-07-30" or a date, None for anything else."""
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return None
    return datetime.combine(day, time(), tzinfo=UTC)


def refuse_if_broken(*, rows: int, faults: list[str]) -> None:
    """Raise BadAnswer when the answer has no rows, or more than 1 % of them are broken."""
    if rows == 0:
        raise BadAnswer("it has no rows")
    if len(faults) > MOST_BAD_ROWS * rows:
        share = f"{len(faults)} of {rows} rows are broken"
        raise BadAnswer(f"{share}, the first: {faults[0]}")


def not_numbers(quotes: Iterable[Quote]) -> list[str]:
    """Return the faults of an answer whose prices should all be numbers."""
    return [
        f"{q.thing.source_name}: its {q.measure} is “{q.written[:20]}”"
        for q in quotes
        if q.amount is None
    ]


def _too_long() -> str:
    return f"it has more than {MOST_ROWS:,} rows"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number")
