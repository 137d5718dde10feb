"""How is the file kept that shows where a quote comes from, and is it still the file that was added?

A file lies below MEDIA_ROOT, which no address serves, under its own SHA-256. What it is called and
who may see it stands in the database.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename

from pricing.models import EvidenceFile

LARGEST_BYTES = 10 * 1024 * 1024
CHUNK = 64 * 1024
# How a file of each kind begins; None: text in UTF-8. Nothing here is ever shown by a browser itself.
BEGINNINGS: dict[str, bytes | None] = {
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".xlsx": b"PK\x03\x04",
    ".eml": None,
    ".txt": None,
    ".csv": None,
}
KINDS = ", ".join(kind[1:].upper() for kind in BEGINNINGS if kind != ".jpeg")


class BadFile(Exception):
    """A file is refused; the text says why."""


def keep(
    file: "UploadedFile[Any]", *, team_id: int, by: str, at: datetime, expected_sha256: str = ""
) -> EvidenceFile:
    """Store a file for a team, on the disk first and then as a row; the same file twice is one.

    `expected_sha256` is what the sender says it is, "" to not compare. Raises BadFile.
    """
    name = clean_name(file.name or "")
    _check_kind(file, name)
    found = digest(file.chunks(CHUNK))
    if expected_sha256 and found != expected_sha256.strip().lower():
        raise BadFile(f"The file's SHA-256 is {found}, not the one given: it is another file.")
    _write(file, path_of(found))
    row, _ = EvidenceFile.objects.get_or_create(
        team_id=team_id,
        sha256=found,
        defaults={
            "file_name": name,
            "size_bytes": file.size or 0,
            "added_by": by,
            "added_at": at,
        },
    )
    return row


def checked_path(evidence: EvidenceFile) -> Path:
    """Return where the file lies. Raises BadFile when it is gone or no longer what was added."""
    path = path_of(evidence.sha256)
    try:
        with path.open("rb") as file:
            found = digest(iter(lambda: file.read(CHUNK), b""))
    except OSError as error:
        raise BadFile("The file is missing from the folder of uploads.") from error
    if found != evidence.sha256:
        raise BadFile("The stored file is not the one that was added: its SHA-256 differs.")
    return path


def path_of(sha256: str) -> Path:
    """Return where a file with this SHA-256 lies."""
    return Path(settings.MEDIA_ROOT) / "evidence" / sha256[:2] / sha256


def digest(chunks: Iterator[bytes]) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    hashed = hashlib.sha256()
    for chunk in chunks:
        hashed.update(chunk)
    return hashed.hexdigest()


def clean_name(name: str) -> str:
    """Return a file's name without folders and odd characters, its ending kept.

    >>> clean_name("../offers/Angebot 4711 (final).PDF")
    'Angebot_4711_final.PDF'
    """
    path = Path(name.replace("\\", "/").rpartition("/")[2])
    return get_valid_filename(path.stem[:150] or "file") + path.suffix[:10]


def _check_kind(file: "UploadedFile[Any]", name: str) -> None:
    if not file.size:
        raise BadFile("The file is empty.")
    if file.size > LARGEST_BYTES:
        raise BadFile(f"The file is larger than {LARGEST_BYTES // 1024 // 1024} MB.")
    ending = Path(name).suffix.lower()
    if ending not in BEGINNINGS:
        raise BadFile(f"Evidence is one of {KINDS}.")
    beginning = BEGINNINGS[ending]
    file.seek(0)
    if beginning is None:
        _check_text(file.read())
    elif file.read(len(beginning)) != beginning:
        raise BadFile(f"The file is called {ending} and is something else inside.")
    file.seek(0)


def _check_text(body: bytes) -> None:
    if b"\0" in body:
        raise BadFile("The file is called a text and is something else inside.")


def _write(file: "UploadedFile[Any]", path: Path) -> None:
    """Write the whole file under another name first, so that a half one is never found."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as target:
        try:
            for chunk in file.chunks(CHUNK):
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
            Path(target.name).replace(path)
        except OSError as error:
            Path(target.name).unlink(missing_ok=True)
            raise BadFile(f"The file could not be stored: {error.strerror}.") from error
