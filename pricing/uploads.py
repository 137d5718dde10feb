"""How does an uploaded table of quotes become prices: read, shown row by row, and stored when confirmed?"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q

from pricing import audit, currency, quote_rows, quotes, tables
from pricing.evidence import clean_name
from pricing.models import EvidenceFile, Offer, QuoteUpload
from pricing.quote_rows import Judged

State = QuoteUpload.State
# Each waits with all its rows; more than this is a heap that nobody looks through.
MOST_DRAFTS = 20


class NotAllowed(Exception):
    """The upload cannot be kept or confirmed; the text says why."""


@transaction.atomic
def start(
    *,
    team_id: int,
    file: "UploadedFile[Any]",
    evidence: str,
    evidence_file: EvidenceFile | None,
    by: str,
    at: datetime,
) -> QuoteUpload:
    """Keep the rows of a table for somebody to look at. Raises BadTable or NotAllowed."""
    name = clean_name(file.name or "")
    found = quote_rows.cells(tables.read(file, name=name, size_bytes=file.size or 0))
    if QuoteUpload.objects.filter(team_id=team_id, state=State.DRAFT).count() >= MOST_DRAFTS:
        raise NotAllowed(f"{MOST_DRAFTS} tables wait already. Confirm or discard one first.")
    file.seek(0)
    return QuoteUpload.objects.create(
        team_id=team_id,
        file_name=name,
        sha256=hashlib.sha256(file.read()).hexdigest(),
        rows=found,
        evidence=evidence,
        evidence_file=evidence_file,
        added_by=by,
        added_at=at,
    )


def dry_run(upload: QuoteUpload, *, at: datetime) -> list[Judged]:
    """Return what each row would add or why it is refused, as things stand now."""
    rows = [(number, cells) for number, cells in upload.rows]
    return quote_rows.judge(rows, _known(upload, rows, at))


@transaction.atomic
def confirm(*, upload: QuoteUpload, expected: int, by: str, at: datetime) -> int:
    """Store every row that is not refused, all or none; return how many.

    `expected` is how many the page said: when prices, days or currencies have changed so that it
    would be another number, nothing is stored. Raises NotAllowed.
    """
    _decide(upload, State.STORED, by=by, at=at)
    good = [row.entry for row in dry_run(upload, at=at) if row.entry is not None]
    if not good:
        raise NotAllowed("No row can be stored.")
    if len(good) != expected:
        raise NotAllowed(f"It would be {len(good)} quotes by now. Look again, then confirm.")
    quotes.add_all(good, team_id=upload.team_id, by=by, at=at, evidence_file=upload.evidence_file)
    refused = len(upload.rows) - len(good)
    after = {"file": upload.file_name, "sha256": upload.sha256, "team": upload.team_id}
    after |= {"added": len(good), "refused": refused}
    audit.write("quotes uploaded", by=by, at=at, subject=upload, after=after)
    return len(good)


@transaction.atomic
def discard(*, upload: QuoteUpload, by: str, at: datetime) -> None:
    """Forget a table that was not confirmed. Raises NotAllowed."""
    _decide(upload, State.DISCARDED, by=by, at=at)


def _decide(upload: QuoteUpload, state: str, *, by: str, at: datetime) -> None:
    waiting = QuoteUpload.objects.filter(pk=upload.pk, state=State.DRAFT)
    if not waiting.update(state=state, decided_by=by, decided_at=at):
        raise NotAllowed("Somebody confirmed or discarded this table already.")


def _known(
    upload: QuoteUpload, rows: Iterable[tuple[int, dict[str, str]]], at: datetime
) -> quote_rows.Known:
    asked = {cells.get("offer_id", "") for _, cells in rows}
    ids = [int(text) for text in asked if text.isascii() and text.isdigit() and len(text) < 10]
    visible = Q(for_team_id__isnull=True) | Q(for_team_id=upload.team_id)
    held = {
        (row.offer.key.removeprefix(f"team-{upload.team_id}|"), row.measure): row.observation
        for row in quotes.current(upload.team_id)
        if row.observation is not None
    }
    return quote_rows.Known(
        team_id=upload.team_id,
        at=at,
        currencies=frozenset(currency.known_currencies()),
        offers=Offer.objects.filter(visible).in_bulk(ids),
        held=held,
        evidence=upload.evidence,
        has_evidence_file=upload.evidence_file_id is not None,
    )
