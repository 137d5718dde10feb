"""What is frozen at sign-off, and how does it become a PDF exactly once?"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from decisions import audit, changes, checklist, rendering, standing
from decisions.models import Record, Review, Snapshot, User
from decisions.version import FORMULA_VERSION, PRODUCT_VERSION
from jobs import work

KIND = "render_record"


def freeze(review: Review, *, by: User, at: datetime) -> Snapshot:
    """Write down all that is known at sign-off and ask for its PDF, in the caller's transaction."""
    decision = review.decision
    answered = standing.answer(decision, draws=10_000)
    record_id = f"BE-{review.year}Q{review.quarter}-{review.pk:06d}"
    text = audit.canonical(_contents(review, answered, record_id=record_id, at=at))
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
        record_json=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        is_demo=decision.team.is_demo,
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


def _contents(
    review: Review, answered: standing.Answered, *, record_id: str, at: datetime
) -> dict[str, Any]:
    decision = review.decision
    position, digest = audit.head()
    flags = decision.flags.filter(closed_at=None)
    last = changes.last_signed(decision)
    return {
        "record": {
            "id": record_id,
            "version": 1,
            "title": f"{decision.name}, {review.period}",
            "product_version": PRODUCT_VERSION,
            "formula_version": FORMULA_VERSION,
            "generated_at": at.isoformat(),
            "supersedes": last.record_id if last else None,
            "demo": decision.team.is_demo,
        },
        "team": {"id": decision.team_id, "name": decision.team.name},
        "decision": {
            "id": decision.pk,
            "name": decision.name,
            "purpose": decision.purpose,
            "version": decision.version,
            "chosen": decision.chosen.name if decision.chosen else None,
            "chosen_because": decision.chosen_because,
            "workload_source": decision.workload.source,
        },
        "period": review.period,
        "review": _signatures(review),
        "question": answered.asked.raw,
        "result": answered.result,
        "prices": [price.as_json() for price in answered.asked.prices],
        "checklist": _checklist(review, answered),
        "reading": answered.reading.says if answered.reading else "",
        "changes": [c.as_json() for c in changes.since_last_signed(decision, answered)],
        "flags": [{"kind": f.kind, "says": f.says} for f in flags],
        "audit": {"position": position, "sha256": digest},
    }


def _signatures(review: Review) -> dict[str, Any]:
    comments = [
        {"by": c.author_name, "at": c.written_at.isoformat(), "text": c.text}
        for c in review.comments.all()
    ]
    return {
        "due_on": review.due_on.isoformat(),
        "prepared_by": review.submitted_by_name,
        "prepared_at": _text(review.submitted_at),
        "prepared_note": review.submit_note,
        "approved_by": review.signed_by_name,
        "approved_at": _text(review.signed_at),
        "approved_note": review.sign_note,
        "comments": comments,
    }


def _text(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _checklist(review: Review, answered: standing.Answered) -> list[dict[str, Any]]:
    answers = {a.question: a for a in review.decision.answers.all()}
    suggested = answered.suggestions
    rows = []
    for question in checklist.QUESTIONS:
        given, hint = answers.get(question.id), suggested.get(question.id)
        rows.append(
            {
                "question": question.id,
                "text": question.text,
                "gate": question.is_gate,
                "answer": given.answer if given else "",
                "evidence": given.evidence if given else "",
                "suggested": (hint.answer or "") if hint else "",
                "suggested_because": hint.why if hint else "",
            }
        )
    return rows


@work.kind(KIND, lease=timedelta(minutes=5), max_attempts=3)
def render(claim: work.Claim) -> work.Effect:
    """Render the PDF of a snapshot; store it unless that has happened already."""
    snapshot = Snapshot.objects.get(pk=claim.job.payload["snapshot_id"])
    rendered = rendering.render(snapshot.record_json, report=claim.report)

    def store() -> Mapping[str, Any]:
        now = timezone.now()
        Record.objects.create(
            snapshot=snapshot,
            pdf=rendered.pdf,
            pdf_sha256=rendered.sha256,
            pages=rendered.pages,
            size_bytes=len(rendered.pdf),
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
            after={"pdf_sha256": rendered.sha256, "pages": rendered.pages},
        )
        return {"pages": rendered.pages, "pdf_sha256": rendered.sha256}

    return store


def contents(snapshot: Snapshot) -> dict[str, Any]:
    """Return what a snapshot holds."""
    held: dict[str, Any] = json.loads(snapshot.record_json)
    return held
