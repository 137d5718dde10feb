"""How is a file from outside opened, so that neither its size nor its packing does harm?"""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

MOST_COLUMNS = 1000
MOST_HEADER_BYTES = 100_000
MOST_RATIO = 200
"""A packed file that grows more than this is a bomb; exports of usage grow 5 to 30 times."""
MOST_UNPACKED_BYTES = 20_000_000_000
UNSUSPICIOUS_BYTES = 20_000_000
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


class BadFile(ValueError):
    """A file that cannot be read; the message says what is wrong, and in which row and column."""


class _Bounded(io.RawIOBase):
    """Reads what a packed file holds, and refuses it once it has grown too much."""

    def __init__(self, inner: Any, *, packed_bytes: int) -> None:
        self._inner = inner
        self._left = min(MOST_UNPACKED_BYTES, max(UNSUSPICIOUS_BYTES, MOST_RATIO * packed_bytes))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._inner.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise BadFile(f"it grows more than {MOST_RATIO} times when unpacked, so it is refused")
        view[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Yield the bytes of a file, unpacked where it is gzip or zip.

    Raises BadFile for a bomb, a broken archive and one that holds more than one file.
    """
    try:
        with path.open("rb") as raw:
            start = raw.read(4)
            raw.seek(0)
            if start[:2] == _GZIP:
                with gzip.GzipFile(fileobj=raw) as packed:
                    yield _buffered(packed, path)
            elif start == _ZIP:
                with zipfile.ZipFile(raw) as archive, archive.open(_only_file(archive)) as packed:
                    yield _buffered(packed, path)
            else:
                yield raw
    except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as broken:
        raise BadFile(f"the archive is broken: {broken}") from broken
    except (NotImplementedError, RuntimeError) as locked:
        raise BadFile(f"the archive cannot be opened: {locked}") from locked


def _buffered(packed: Any, path: Path) -> IO[bytes]:
    return io.BufferedReader(_Bounded(packed, packed_bytes=path.stat().st_size), 1 << 20)


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    found = [each for each in archive.infolist() if not each.is_dir()]
    if len(found) != 1:
        raise BadFile(f"the zip holds {len(found)} files; it must hold one")
    return found[0]


def header(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the mark between them.

    Raises BadFile for what is no table, or has a column twice.
    """
    with opened(path) as file:
        line = file.readline(MOST_HEADER_BYTES + 1)
        more = file.read(1)
    if len(line) > MOST_HEADER_BYTES:
        raise BadFile("row 1: no names of columns in it; the row is too long")
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise BadFile("it is not UTF-8 text; save it as CSV in UTF-8") from None
    if not text.strip():
        raise BadFile("row 1: empty; the names of the columns belong there")
    if "\0" in text:
        raise BadFile("it is not a text file; save it as CSV in UTF-8")
    mark = max(",;\t|", key=text.count)
    names = next(csv.reader([text], delimiter=mark))
    if len(names) < 2 or len(names) > MOST_COLUMNS:
        raise BadFile(f"row 1: {len(names)} columns; between 2 and {MOST_COLUMNS} are needed")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise BadFile(f"row 1: the column {twice[0][:60]!r} stands twice")
    if not more:
        raise BadFile("there is no row below the names of the columns")
    return [name[:200] for name in names], mark
