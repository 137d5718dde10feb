"""What is frozen at sign-off, and how does it become a PDF exactly once?"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from decisions import audit, contents, keeping, rendering, signing, standing, stores
from decisions.models import Record, Review, Snapshot, User
from decisions.version import PRODUCT_VERSION
from jobs import work

KIND = "render_record"
# A timestamp authority that does not answer is asked again as often as it takes.
ASK_AGAIN_AFTER = timedelta(minutes=5)


def freeze(review: Review, *, by: User, at: datetime) -> Snapshot:
    """Write down all that is known at sign-off and ask for its PDF, in the caller's transaction."""
    decision = review.decision
    answered = standing.answer(decision, draws=10_000)
    record_id = f"BE-{review.year}Q{review.quarter}-{review.pk:06d}"
    held = contents.of(review, answered, record_id=record_id, at=at)
    text = contents.canonical(held)
    snapshot = Snapshot.objects.create(
        review_id_text=str(review.pk),
        record_id=record_id,
        team_id_text=str(decision.team_id),
        decision_id_text=str(decision.pk),
        team_name=decision.team.name,
        decision_name=decision.name,
        period=review.period,
        prepared_by=review.submitted_by_name,
        approved_by=by.get_full_name(),
        signed_at=at,
        due_on=review.due_on,
        chosen_name=decision.chosen.name if decision.chosen else "",
        flag_kinds=" ".join(sorted({flag["kind"] for flag in held["flags"]})),
        record_json=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        is_demo=decision.team.is_demo,
        retain_until=None if decision.team.is_demo else keeping.retain_until(at),
    )
    audit.write(
        "record frozen",
        by=by,
        at=at,
        subject=snapshot,
        team=decision.team.name,
        after={"record_id": record_id, "sha256": snapshot.sha256},
    )
    ask_for_pdf(snapshot, at=at, by=by.email)
    return snapshot


def ask_for_pdf(snapshot: Snapshot, *, at: datetime, by: str) -> None:
    """Ask for the PDF of a snapshot; asking twice is asking once."""
    work.enqueue(
        KIND,
        key=f"render:{snapshot.record_id}",
        title=f"PDF record {snapshot.record_id}",
        payload={"snapshot_id": snapshot.pk, "team_id": int(snapshot.team_id_text)},
        at=at,
        by=by,
    )


@work.kind(KIND, lease=timedelta(minutes=5), max_attempts=3)
def render(claim: work.Claim) -> work.Effect:
    """Render and sign the PDF of a snapshot; store it unless that has happened already."""
    snapshot = Snapshot.objects.get(pk=claim.job.payload["snapshot_id"])
    try:
        rendered = rendering.render(snapshot.record_json, report=claim.report)
        claim.report(percent=92, says="Signing it")
        signed = signing.sign(rendered.pdf, record_id=snapshot.record_id)
        kept_at = stores.keep(snapshot, signed.pdf)
    except (rendering.CannotRender, signing.CannotSign, stores.WrongSetting) as never:
        raise work.GiveUp(str(never)) from never
    except (signing.NoTimestamp, stores.NotKept) as missing:
        raise work.Later(f"{missing} The sign-off stands.", after=ASK_AGAIN_AFTER) from missing
    return lambda: _store(
        snapshot, signed, kept_at=kept_at, pages=rendered.pages, now=timezone.now()
    )


def _store(
    snapshot: Snapshot, signed: signing.Signed, *, kept_at: str, pages: int, now: datetime
) -> Mapping[str, Any]:
    seal, digest = signed.seal, hashlib.sha256(signed.pdf).hexdigest()
    certificate = seal.certificate.sha256 if seal.certificate else ""
    what = {
        "pdf_sha256": digest,
        "pages": pages,
        "kept_at": kept_at,
        "certificate_sha256": certificate,
        "timestamped_at": seal.stamp.at.isoformat() if seal.stamp else "",
    }
    Record.objects.create(
        snapshot=snapshot,
        pdf=b"" if kept_at else signed.pdf,
        kept_at=kept_at,
        pdf_sha256=digest,
        pages=pages,
        size_bytes=len(signed.pdf),
        certificate_sha256=certificate,
        timestamped_at=seal.stamp.at if seal.stamp else None,
        rendered_at=now,
        product_version=PRODUCT_VERSION,
        is_demo=snapshot.is_demo,
    )
    audit.write(
        "record rendered",
        by="system:render_record",
        at=now,
        subject=snapshot,
        team=snapshot.team_name,
        after=what,
    )
    return what


def held_by(snapshot: Snapshot) -> dict[str, Any]:
    """Return what a snapshot holds."""
    held: dict[str, Any] = json.loads(snapshot.record_json)
    return held


def pdf_of(record: Record) -> bytes:
    """Return the bytes of a record's PDF, compared with its SHA-256. Raises `stores.Unreadable`."""
    return stores.read(record)
