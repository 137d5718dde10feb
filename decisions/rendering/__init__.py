"""How does a signed snapshot become the PDF that an auditor keeps?

Pure until it is stored: a snapshot's text goes in, bytes come out, and a worker that dies on the way
leaves nothing behind. What was made is read back before anyone may store it.
"""

import hashlib
from dataclasses import dataclass

from decisions.rendering import attachments, confined
from decisions.rendering.confined import Report

MOST_SECONDS = 90
MOST_MEGABYTES = 768


class CannotRender(Exception):
    """No PDF can be made, or not a faithful one; the text says why."""


@dataclass(frozen=True, kw_only=True)
class RenderedPdf:
    """The PDF of a record."""

    pdf: bytes
    sha256: str
    pages: int


def _silent(*, percent: int, says: str) -> None:
    """Report to nobody."""


def render(record_json: str, *, report: Report = _silent) -> RenderedPdf:
    """Return the PDF of a snapshot's record: the same bytes each time on the same machine.

    Raises `CannotRender` when it breaks the limits of time, memory or pages, and when the PDF does
    not hold what the snapshot says.
    """
    # Loaded here, before the fork, and only where records are made: pages never need WeasyPrint.
    from decisions.rendering import pdf

    try:
        made = confined.run(
            lambda tell: pdf.make(record_json, report=tell),
            report=report,
            seconds=MOST_SECONDS,
            megabytes=MOST_MEGABYTES,
        )
    except (confined.Stopped, pdf.TooLong) as stopped:
        raise CannotRender(f"The PDF could not be made: {stopped}.") from stopped
    report(percent=88, says="Reading the PDF back")
    pages = _check(made, record_json)
    return RenderedPdf(pdf=made, sha256=hashlib.sha256(made).hexdigest(), pages=pages)


def _check(made: bytes, record_json: str) -> int:
    """Return the number of pages; raise `CannotRender` when the PDF is not faithful.

    What stands at the foot of each page was looked at when it was laid out, which is a hundred
    times faster than finding it again in the finished file; the tests and every verification do
    that.
    """
    try:
        pages, held = attachments.read(made)
    except attachments.Unreadable as wrong:
        raise CannotRender(f"The PDF that was made cannot be read back: {wrong}") from wrong
    if held != attachments.of(record_json):
        raise CannotRender("The PDF that was made does not hold record.json as it was signed.")
    return pages
