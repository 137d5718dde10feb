"""How is a usage export in JSON read as rows, without ever holding the file or a prompt?

A row is an object of a list: the file's own, or the one under ``data`` (and the like) of a page of an
API. Usage APIs put several ``results`` into one span of time; each becomes a row with the span's own
fields. Several values one after the other are read too: lines of JSON, or pages saved behind each
other. A field inside a field is named with a dot, as ``amount.value``; lists inside a row are passed over.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import ijson

from decisions.usage.files import MOST_COLUMNS, BadFile, opened

MARK = "json"
"""Stands where the mark between the columns of a table stands."""

LISTS = frozenset({"data", "observations", "requests", "logs", "items"})
"""Names under which APIs hand out their rows."""

NESTED = "results"
"""The list inside a span of time."""

MOST_DEPTH = 64
MOST_DOTS = 3
"""Deeper fields are not offered as columns."""
MOST_CELL = 200
MOST_NAME = 200
MOST_NESTED_ROWS = 100_000
MOST_WITHOUT_AN_EVENT = 64_000_000
"""Bytes of one text or number: more is no export, and would have to be held at once."""
BLOCK = 1 << 16
ROWS_FOR_THE_NAMES = 1_000

Cell = str | float | None
Row = dict[str, Cell]
Event = tuple[str, Any]


def is_json(path: Path) -> bool:
    """Return whether a file, unpacked where it is packed, begins as JSON does."""
    with opened(path) as file:
        return file.read(BLOCK).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def names(path: Path) -> list[str]:
    """Return the names of the fields in the first rows, in the order in which they come.

    Raises BadFile for what is no JSON, holds no rows, or has too many fields.
    """
    found: dict[str, None] = {}
    with opened(path) as file:
        for count, row in enumerate(rows(file, None), start=1):
            found.update(dict.fromkeys(row))
            if len(found) > MOST_COLUMNS:
                raise BadFile(f"row {count}: more than {MOST_COLUMNS} fields")
            if count == ROWS_FOR_THE_NAMES:
                break
    if not found:
        raise BadFile("it holds no list of rows with fields")
    return list(found)


def rows(file: IO[bytes], wanted: Collection[str] | None) -> Iterator[Row]:
    """Return the rows of a file, with the wanted fields alone; with None, every field without its value.

    Raises BadFile for broken JSON, NaN, too deep a nesting and too long a value.
    """
    done: list[Row] = []
    reader = _Reader(wanted=wanted, give=done.append)
    for event in _events(file):
        reader.take(*event)
        if done:
            yield from done
            done.clear()
    if reader.stack:
        raise BadFile("the JSON ends too early")


def _events(file: IO[bytes]) -> Iterator[Event]:
    events: Any = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, multiple_values=True, use_float=True)
    silent, seen = 0, False
    try:
        while block := file.read(BLOCK):
            parser.send(block if seen else block.removeprefix(b"\xef\xbb\xbf"))
            seen = True
            silent = 0 if events else silent + len(block)
            if silent > MOST_WITHOUT_AN_EVENT:
                raise BadFile("one value in it is longer than any export's")
            yield from events
            del events[:]
        parser.close()
    except ijson.IncompleteJSONError as early:
        raise BadFile(_plainly(early)) from early
    except (ijson.JSONError, UnicodeDecodeError, ValueError) as fault:
        raise BadFile(_plainly(fault)) from fault
    yield from events


def _plainly(fault: Exception) -> str:
    """Return what is wrong in one line, without the piece of the file that the parser quotes."""
    return (
        f"it is not valid JSON: {str(fault).splitlines()[0].strip()[:120] or 'it ends too early'}"
    )


@dataclass
class _Level:
    """One object or list that is open: what it is to us, and the name of the field to come."""

    kind: str
    prefix: str = ""
    name: str = ""
    row: Row = field(default_factory=dict)
    inner: list[Row] = field(default_factory=list)
    has_list: bool = False


@dataclass
class _Reader:
    """Follows the events down to rows; ``kind`` of a level says what its content is.

    rows: a list whose objects are rows.   row: such an object, or one that stands alone.
    nested: the list of results in a row.  part: an object inside a row.   skip: nothing of ours.
    """

    wanted: Collection[str] | None
    give: Callable[[Row], None]
    stack: list[_Level] = field(default_factory=list)

    def take(self, event: str, value: Any) -> None:
        """Take one event of the parser."""
        if event in ("start_map", "start_array"):
            if len(self.stack) >= MOST_DEPTH:
                raise BadFile(f"it is nested more than {MOST_DEPTH} deep")
            self.stack.append(self._opened(is_list=event == "start_array"))
        elif event in ("end_map", "end_array"):
            self._closed(self.stack.pop())
        elif event == "map_key":
            self.stack[-1].name = value
        elif self.stack:
            self._scalar(self.stack[-1], value)
        else:
            raise BadFile("it holds a bare value where an object belongs")

    def _opened(self, *, is_list: bool) -> _Level:
        above = self.stack[-1] if self.stack else None
        if above is None:
            return _Level("rows" if is_list else "row")
        if is_list:
            return self._list_in(above)
        if above.kind in ("rows", "nested"):
            return _Level("row")
        if above.kind in ("row", "part") and above.prefix.count(".") < MOST_DOTS:
            return _Level("part", prefix=f"{above.prefix}{above.name}.", row=above.row)
        return _Level("skip")

    def _list_in(self, above: _Level) -> _Level:
        """Return what a list is: the page's rows, the results of a span, or nothing of ours."""
        if above.kind == "row" and above.name == NESTED:
            kind = "nested"
        elif len(self.stack) == 1 and above.kind == "row" and above.name in LISTS:
            kind = "rows"
        else:
            return _Level("skip")
        above.has_list = True
        return _Level(kind)

    def _scalar(self, level: _Level, value: Any) -> None:
        if level.kind not in ("row", "part"):
            return
        name = f"{level.prefix}{level.name}"[:MOST_NAME]
        if self.wanted is None:
            level.row[name] = None
        elif name in self.wanted:
            level.row[name] = _cell(value)

    def _closed(self, level: _Level) -> None:
        if level.kind != "row":
            return
        above = self.stack[-1] if self.stack else None
        if above is not None and above.kind == "nested":
            self._keep(self.stack[-2].inner, level.row)
        elif not level.has_list:
            self.give(level.row)
        for inner in level.inner:
            self.give({**level.row, **inner})

    @staticmethod
    def _keep(inner: list[Row], row: Row) -> None:
        if len(inner) >= MOST_NESTED_ROWS:
            raise BadFile(f"one span of time holds more than {MOST_NESTED_ROWS:,} results")
        inner.append(row)


def _cell(value: Any) -> Cell:
    """Return a number as it is and anything else as a short text; a number beyond floats is infinite."""
    if value is None or isinstance(value, str):
        return value if value is None else value[:MOST_CELL]
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return float(value)
    except OverflowError:
        return float("inf")
