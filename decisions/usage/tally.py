"""How many tokens, requests and how much money does each hour of a file hold?

The file is read in chunks of about 16 MB, and of each row only the columns that were named.
"""

import csv
import io
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisions.usage import json_rows
from decisions.usage.files import BadFile, opened
from decisions.usage.layouts import EACH_ROW, Mapping

CHUNK_BYTES = 16_000_000
SAMPLE_BYTES = 1_000_000
MOST_ROWS_A_CHUNK = 200_000
JSON_ROWS_A_CHUNK = 20_000
MEASURES = ("input", "cached", "output", "batch", "requests", "cost", "other")
HOUR = 3_600
_EXTRA = "(more)"
"""Where the parser puts cells beyond the last name: no file can name a column so."""
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # the years 2000 and 2100, in seconds
_MOST_TOKENS = 1e15

Progress = Callable[[int], None]
Sums = NDArray[np.float64]


@dataclass
class Tally:
    """The sums of each hour, by hours since 1970 in UTC, in the order of MEASURES."""

    hours: dict[int, Sums] = field(default_factory=dict)
    rows: int = 0
    empty_rows: int = 0
    is_hourly: bool = False


def read(path: Path, mapping: Mapping, *, mark: str, progress: Progress = lambda _: None) -> Tally:
    """Return the sums of a file; `progress` is told how many bytes of it have been read.

    Raises BadFile that names row and column. Row 1 is the one with the names.
    """
    found = Tally()
    with opened(path) as file:
        for chunk in _chunks(file, mapping, mark=mark):
            _add(found, chunk, mapping)
            progress(file.tell() if file.seekable() else 0)
    if found.rows == 0:
        raise BadFile("there is no row in it")
    return found


def preview(path: Path, mapping: Mapping, *, mark: str, rows: int = 5) -> list[dict[str, str]]:
    """Return the first rows as text: of the named columns only, so no prompt is among them."""
    with opened(path) as file:
        chunk = next(_chunks(file, mapping, mark=mark, rows=rows, as_text=True), pd.DataFrame())
    return [
        {str(name): str(cell)[:60] for name, cell in row.items()}
        for row in chunk.to_dict("records")
    ]


def _chunks(
    file: IO[bytes], mapping: Mapping, *, mark: str, rows: int = 0, as_text: bool = False
) -> Iterator[pd.DataFrame]:
    if mark == json_rows.MARK:
        yield from _json_chunks(file, mapping, rows=rows, as_text=as_text)
        return
    reader: Any = None
    names = _unique(_first_row(file, mark))
    missing = [name for name in mapping.columns if name not in names]
    if missing:
        raise BadFile(f"row 1: there is no column {missing[0][:60]!r}")
    size = rows or _rows_a_chunk(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.DtypeWarning)
            reader = pd.read_csv(
                io.BufferedReader(_Headed([*names, _EXTRA], file, mark=mark), 1 << 18),
                usecols=[*mapping.columns, _EXTRA],
                index_col=False,
                sep=mark,
                chunksize=size,
                dtype=str if as_text else dict.fromkeys(_texts(mapping), str),
                keep_default_na=not as_text,
                encoding="utf-8",
                encoding_errors="replace",
                low_memory=True,
            )
            for chunk in reader:
                extra = chunk.pop(_EXTRA)
                _refuse_longer(extra[extra.notna() & (extra != "")])
                yield chunk
    except BadFile:
        raise
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as fault:
        raise BadFile(_plainly(str(fault))) from fault
    finally:
        if reader is not None:
            reader.close()


def _json_chunks(
    file: IO[bytes], mapping: Mapping, *, rows: int, as_text: bool
) -> Iterator[pd.DataFrame]:
    """Yield the same of a JSON file; the first row is row 1, because no row holds the names."""
    columns, start = mapping.columns, -1
    every = json_rows.rows(file, frozenset(columns))
    while batch := list(islice(every, rows or JSON_ROWS_A_CHUNK)):
        places = pd.RangeIndex(start, start + len(batch))
        chunk = pd.DataFrame(batch, columns=columns, index=places)
        for name in columns if as_text else _texts(mapping):
            chunk[name] = chunk[name].map(_word)
        yield chunk
        start += len(batch)


def _word(cell: object) -> str:
    """Return a cell of a JSON row as text: whole numbers without a point, nothing as nothing."""
    if cell is None or cell != cell:
        return ""
    is_whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell)) if is_whole and isinstance(cell, float) else str(cell)


class _Headed(io.RawIOBase):
    """The rows of a file below a row of our own names: one more than there are, for stray cells."""

    def __init__(self, names: list[str], rows: IO[bytes], *, mark: str) -> None:
        text = io.StringIO()
        csv.writer(text, delimiter=mark, lineterminator="\n").writerow(names)
        self._start, self._rows = text.getvalue().encode(), rows

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start or self._rows.read(len(buffer))
        if self._start:
            data, self._start = data[: len(buffer)], data[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _first_row(file: IO[bytes], mark: str) -> list[str]:
    """Read past the names of the columns and return them."""
    return next(csv.reader([file.readline().decode("utf-8-sig").strip("\r\n")], delimiter=mark))


def _unique(names: list[str]) -> list[str]:
    """Return the names as they were confirmed; those without one get their place."""
    return [name[:200] or f"column {place}" for place, name in enumerate(names, start=1)]


def _refuse_longer(cells: "pd.Series[Any]") -> None:
    if len(cells):
        row = int(str(cells.index[0])) + 2
        raise BadFile(f"row {row}: more cells than row 1 has names; is a comma in a number?")


def _texts(mapping: Mapping) -> list[str]:
    return [name for name in (mapping.batch, mapping.unit, *mapping.about) if name]


def _rows_a_chunk(file: IO[bytes]) -> int:
    """Return rows of about CHUNK_BYTES together: the parser holds whole rows, prompts too."""
    if not file.seekable():
        return 20_000
    start = file.tell()
    sample = file.read(SAMPLE_BYTES)
    file.seek(start)
    row = len(sample) / max(1, sample.count(b"\n"))
    return int(min(MOST_ROWS_A_CHUNK, max(200, CHUNK_BYTES / row)))


def _plainly(says: str) -> str:
    """Return the parser's words without its own prefix: "Expected 5 fields in line 3, saw 6"."""
    return says.replace("Error tokenizing data. C error: ", "").strip().rstrip(".")[:300]


def _add(found: Tally, chunk: pd.DataFrame, mapping: Mapping) -> None:
    seconds = _seconds(chunk[mapping.time])
    sums = _by_class(chunk, mapping) if mapping.about else _by_column(chunk, mapping)
    requests = np.zeros(len(chunk))
    if mapping.requests:
        requests = (
            np.ones(len(chunk))
            if mapping.requests == EACH_ROW
            else _numbers(chunk[mapping.requests])
        )
    cost = np.zeros(len(chunk))
    if mapping.cost:
        cost = _numbers(chunk[mapping.cost], signed=True) * mapping.cost_unit
    columns = [*sums[:4], requests, cost, sums[4]]
    hours, places = np.unique(seconds // HOUR, return_inverse=True)
    table = np.stack([np.bincount(places, weights=column) for column in columns], axis=1)
    for hour, row in zip(hours.tolist(), table, strict=True):
        known = found.hours.get(int(hour))
        found.hours[int(hour)] = row if known is None else known + row
    found.rows += len(chunk)
    found.empty_rows += int((sums[0] + sums[2] + cost == 0).sum())
    found.is_hourly |= bool((seconds % (24 * HOUR) != 0).any())


def _by_column(chunk: pd.DataFrame, mapping: Mapping) -> list[Sums]:
    """Return input, cached, output, batch and other tokens of each row, from their own columns."""
    read = {
        name: _numbers(chunk[name]) for name in {*mapping.input, *mapping.cached, *mapping.output}
    }
    zero = np.zeros(len(chunk))
    given = sum((read[name] for name in mapping.input), zero)
    cached = sum((read[name] for name in mapping.cached), zero)
    made = sum((read[name] for name in mapping.output), zero)
    _refuse_more_cached(chunk, given, cached, mapping)
    batch = zero
    if mapping.batch:
        text = chunk[mapping.batch].astype(str).str.strip().str.casefold()
        batch = (given + made) * text.isin(["true", "1", "yes", "batch"]).to_numpy()
    return [given, cached, made, batch, zero]


def _refuse_more_cached(chunk: pd.DataFrame, given: Sums, cached: Sums, mapping: Mapping) -> None:
    wrong = np.flatnonzero(cached > given + 0.5)
    if len(wrong):
        row, names = int(chunk.index[wrong[0]]) + 2, ", ".join(mapping.cached)
        raise BadFile(f"row {row}, column {names}: more cached tokens than input tokens")


def _by_class(chunk: pd.DataFrame, mapping: Mapping) -> list[Sums]:
    """Return the same, from one quantity whose kind is told in words."""
    unit = chunk[mapping.unit].fillna("").str.casefold()
    words = chunk[list(mapping.about)].fillna("").agg(" ".join, axis=1).str.casefold()
    is_tokens = unit.str.contains("token").to_numpy()
    size = np.where(
        unit.str.contains(r"1k|1,?000 |thousand", regex=True),
        1e3,
        np.where(unit.str.contains(r"1m|1,?000,?000|million", regex=True), 1e6, 1.0),
    )
    tokens = _numbers(chunk[mapping.quantity]) * size * is_tokens
    is_cached = words.str.contains("cach").to_numpy()
    is_output = words.str.contains("output|completion|generat", regex=True).to_numpy()
    is_input = words.str.contains("input|prompt", regex=True).to_numpy() & ~is_output | is_cached
    batch = tokens * words.str.contains("batch").to_numpy()
    other = tokens * ~(is_input | is_output)
    return [tokens * is_input, tokens * is_cached, tokens * (is_output & ~is_input), batch, other]


def _numbers(column: "pd.Series[Any]", *, signed: bool = False) -> Sums:
    """Return a column's numbers; an empty cell is 0. Raises BadFile for anything else."""
    name = str(column.name)
    numbers = column
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        numbers = pd.to_numeric(column.astype(str).where(column.notna()), errors="coerce")
        _refuse(column, numbers.isna() & column.notna(), name, "is not a number")
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    _refuse(column, np.isinf(values) | (np.abs(values) > _MOST_TOKENS), name, "is too large")
    if not signed:
        _refuse(column, values < 0, name, "is negative")
    return np.asarray(np.nan_to_num(values), dtype=np.float64)


def _seconds(column: "pd.Series[Any]") -> NDArray[np.int64]:
    """Return times as seconds since 1970: ISO 8601 texts (UTC where they name no zone), or epochs."""
    name = str(column.name)
    if pd.api.types.is_numeric_dtype(column):
        raw = column.to_numpy(dtype=np.float64, na_value=np.nan)
        scale = (
            1e6
            if np.nanmax(raw, initial=0) > 1e14
            else 1e3
            if np.nanmax(raw, initial=0) > 1e11
            else 1
        )
        seconds = raw / scale
        _refuse(column, ~((seconds >= _EARLIEST) & (seconds < _LATEST)), name, "is no time")
        return seconds.astype(np.int64)
    times = pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce")
    _refuse(column, times.isna(), name, "is no time as 2026-11-03T09:00:00Z")
    found = times.to_numpy(dtype="datetime64[s]").astype(np.int64)
    _refuse(column, ~((found >= _EARLIEST) & (found < _LATEST)), name, "is outside 2000 to 2100")
    return np.asarray(found, dtype=np.int64)


def _refuse(column: "pd.Series[Any]", wrong: Any, name: str, says: str) -> None:
    places = np.flatnonzero(np.asarray(wrong))
    if len(places):
        cell = column.iloc[places[0]]
        shown = "an empty cell" if pd.isna(cell) else repr(str(cell)[:40])
        raise BadFile(f"row {int(column.index[places[0]]) + 2}, column {name[:60]}: {shown} {says}")
