"""How does a record become a PDF/A-3a and PDF/UA-1 file, the same bytes each time?

Nothing is read but the record's own template, style sheet and fonts: the record holds what people
typed, and none of it is ever taken for an address.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import weasyprint
from django.conf import settings
from django.template.loader import render_to_string
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from decisions.rendering import attachments, pages
from decisions.rendering.attachments import EVIDENCE, RECORD
from decisions.rendering.confined import Report
from decisions.rendering.pages import Room

DESCRIPTIONS = {
    RECORD: ("Everything that was known at sign-off: what this PDF prints.", "Source"),
    EVIDENCE: ("The evidence and the prices of record.json as a table.", "Supplement"),
}
MOST_PAGES = 20
# Tried in turn until the record fits.
ROOMS = (
    Room(rows=24, letters=1200),
    Room(rows=12, letters=500),
    Room(rows=6, letters=200),
)
FONTS = Path(__file__).parent / "fonts"
STYLE = Path(settings.BASE_DIR) / "templates" / "records" / "pdf.css"
OWN = "record:"
# PDF/A takes no property that the file itself does not describe; these are the words to do so.
PDF_UA_IDENTIFICATION = (Path(__file__).parent / "pdf_ua.xml").read_text()
for _prefix, _name in (
    ("pdfaExtension", "http://www.aiim.org/pdfa/ns/extension/"),
    ("pdfaSchema", "http://www.aiim.org/pdfa/ns/schema#"),
    ("pdfaProperty", "http://www.aiim.org/pdfa/ns/property#"),
):
    ElementTree.register_namespace(_prefix, _name)


class TooLong(Exception):
    """The record does not fit the pages, however much is cut."""


class Unfaithful(Exception):
    """A page does not carry what every page has to carry."""


class AskedForMore(Exception):
    """The pages asked for a file that is not the record's own."""


def make(record_json: str, *, report: Report) -> bytes:
    """Return the PDF of a record: the same bytes for the same text.

    Raises `TooLong` when it does not fit `MOST_PAGES`.
    """
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    record = json.loads(record_json)
    sha256 = hashlib.sha256(record_json.encode()).hexdigest()
    report(percent=10, says="Laying out the pages")
    document = _fitting(record, sha256=sha256, without=frozenset())
    _look_at_feet(document, of=(record["record"]["id"], sha256))
    report(percent=55, says=f"Drawing {len(document.pages)} pages")
    pdf = _write(document, record, record_json, sha256=sha256)
    if missing := _without_a_glyph(document):
        # PDF/A allows no empty boxes: what no font holds is spelled out, on pages made again.
        document = _fitting(record, sha256=sha256, without=missing)
        pdf = _write(document, record, record_json, sha256=sha256)
    report(percent=85, says="Attached record.json")
    return pdf


def _fitting(
    record: Mapping[str, Any], *, sha256: str, without: frozenset[int]
) -> weasyprint.Document:
    for room in ROOMS:
        variables = pages.contents(record, room=room, sha256=sha256, without=without)
        document = _lay_out(render_to_string("records/pdf.html", variables))
        if len(document.pages) <= MOST_PAGES:
            return document
    raise TooLong(f"the record needs more than {MOST_PAGES} pages")


def _lay_out(html: str) -> weasyprint.Document:
    fonts = FontConfiguration()
    fetcher = OwnFiles()
    style = weasyprint.CSS(
        string=STYLE.read_text(), base_url=OWN, url_fetcher=fetcher, font_config=fonts
    )
    try:
        return weasyprint.HTML(string=html, base_url=OWN, url_fetcher=fetcher).render(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/a-3a"
        )
    except FatalURLFetchingError as refused:
        # A BaseException of WeasyPrint's: nothing further out would catch it.
        raise AskedForMore(str(refused)) from refused


class OwnFiles(URLFetcher):
    """Gives the record's fonts by name and refuses every other address."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(OWN.rstrip(":"),), allow_redirects=False)

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return one of the record's own fonts.

        Raises an error that ends the rendering for any other address: none of the record's own
        pages asks for one.
        """
        own = {f"{OWN}{path.name}": path for path in FONTS.glob("*.ttf")}
        if url not in own:
            raise FatalURLFetchingError(f"a record fetches nothing, but it asked for {url[:200]}")
        return URLFetcherResponse(url, own[url].read_bytes(), {"Content-Type": "font/ttf"})


def _without_a_glyph(document: weasyprint.Document) -> frozenset[int]:
    return frozenset(code for font in document.fonts.values() for code in font.missing)


def _write(
    document: weasyprint.Document, record: Mapping[str, Any], record_json: str, *, sha256: str
) -> bytes:
    generated = datetime.fromisoformat(record["record"]["generated_at"]).astimezone(UTC)
    document.metadata.created = document.metadata.modified = generated.strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    _declare_pdf_ua(document)
    attached = [
        weasyprint.Attachment(
            string=body,
            name=name,
            description=DESCRIPTIONS[name][0],
            relationship=DESCRIPTIONS[name][1],
            created=generated,
            modified=generated,
        )
        for name, body in attachments.of(record_json).items()
    ]
    pdf: bytes = document.write_pdf(
        pdf_variant="pdf/a-3a",
        pdf_identifier=bytes.fromhex(sha256)[:16],
        attachments=attached,
        custom_metadata=True,
    )
    return pdf


def _look_at_feet(document: weasyprint.Document, *, of: tuple[str, ...]) -> None:
    """Raise `Unfaithful` unless each page prints its number, the record's id and its digest."""
    total = len(document.pages)
    for number, page in enumerate(document.pages, start=1):
        says = "".join(box.text for box in page._page_box.descendants() if hasattr(box, "text"))
        for wanted in (*of, f"Page {number} of {total}"):
            if wanted not in says:
                raise Unfaithful(f"page {number} does not print “{wanted}”")


def _declare_pdf_ua(document: weasyprint.Document) -> None:
    """Say in the metadata that the file is PDF/UA-1 too: WeasyPrint declares one standard only."""
    plain = document.metadata.generate_rdf_metadata

    def with_pdf_ua(*args: Any) -> Any:
        # Both texts are the product's own.
        rdf = ElementTree.fromstring(plain(*args))  # noqa: S314
        rdf.extend(ElementTree.fromstring(PDF_UA_IDENTIFICATION))  # noqa: S314
        return ElementTree.tostring(rdf, encoding="utf-8")

    document.metadata.generate_rdf_metadata = with_pdf_ua
