"""What does a PDF record really hold?"""

import hashlib
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decisions.rendering.attachments import EVIDENCE, RECORD

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_BYTES = 50 * 2**20
MOST_PAGES = 200
"""Records have a tenth of it; reading the text of endless pages would be work for an attacker."""


class NotARecord(Exception):
    """The file is no PDF record; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What was read from a PDF: its pages' text, its subject and the attached record."""

    pages: list[str]
    record_json: str
    evidence: bytes
    others: list[str]
    subject: str

    @property
    def sha256(self) -> str:
        """The digest of the attached record, computed now."""
        return hashlib.sha256(self.record_json.encode()).hexdigest()

    @property
    def record_id(self) -> str:
        """The id that the attached record gives itself; empty when it has none."""
        try:
            return str(json.loads(self.record_json)["record"]["id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return ""

    def pages_without(self, text: str) -> list[int]:
        """Return the numbers of the pages that do not print the text, whatever breaks its lines."""
        wanted = _close_up(text)
        return [n for n, page in enumerate(self.pages, start=1) if wanted not in _close_up(page)]

    @property
    def misnumbered(self) -> list[int]:
        """Return the pages that do not print "page x of y" with their own numbers."""
        return [
            number
            for number, page in enumerate(self.pages, start=1)
            if f"page{number}of{len(self.pages)}" not in _close_up(page).lower()
        ]


def _close_up(text: str) -> str:
    return re.sub(r"\s+", "", text)


def read(pdf: bytes) -> Held:
    """Read a PDF record. Raises `NotARecord` for anything that is not one."""
    # Loaded where a record is read: 26 MB that pages and waiting workers need not hold.
    from pypdf import PdfReader

    if len(pdf) > MOST_BYTES:
        raise NotARecord(f"The file is larger than {MOST_BYTES // 2**20} MB.")
    try:
        return _read(PdfReader(io.BytesIO(pdf), strict=True))
    except NotARecord:
        raise
    except UnicodeDecodeError as error:
        raise NotARecord(f"{RECORD} is no text: {error}") from error
    except Exception as error:
        # pypdf fails on bad files in very many ways; none of them is a record.
        raise NotARecord(f"The file cannot be read as a PDF: {error}") from error


def _read(reader: "PdfReader") -> Held:
    if len(reader.pages) > MOST_PAGES:
        raise NotARecord(f"The PDF has {len(reader.pages)} pages; no record has so many.")
    files = reader.attachments
    attached = files.get(RECORD, [])
    if len(attached) != 1:
        raise NotARecord(f"The PDF has {len(attached)} attachments named {RECORD}, not one.")
    return Held(
        pages=[page.extract_text() for page in reader.pages],
        record_json=attached[0].decode(),
        evidence=b"".join(files.get(EVIDENCE, [])),
        others=sorted(set(files) - {RECORD, EVIDENCE}),
        subject=(reader.metadata.subject if reader.metadata else None) or "",
    )
