"""What does a record hold: everything that was known at sign-off, in one canonical text?

RFC 8785 gives the same value the same bytes in every language, so anyone can compute the SHA-256
again. `data/record-1.schema.json` says what stands where.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import rfc8785
from django.conf import settings
from django.urls import reverse

from decisions import audit, cadence, changes, checklist, keeping, quality, reliability, standing
from decisions.models import Approval, AuditEvent, Decision, Review
from decisions.version import FORMULA_VERSION, PRODUCT_VERSION
from pricing.models import Observation

SCHEMA = 1
SCHEMAS = Path(__file__).parent / "data"
# Beyond it JSON's numbers are no longer exact, and RFC 8785 refuses whole ones.
_LARGEST_WHOLE = 2**53 - 1


def canonical(record: Mapping[str, Any]) -> str:
    """Return the record as RFC 8785 text."""
    return rfc8785.dumps(_plain(record)).decode()


def _plain(value: Any) -> Any:
    """Return the value with decimals as text, and whole numbers too large to be exact as floats."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_WHOLE:
        return float(value)
    return value


@cache
def schema(number: int = SCHEMA) -> str:
    """Return the published JSON Schema of that number; FileNotFoundError when there is none."""
    return (SCHEMAS / f"record-{number}.schema.json").read_text()


def of(
    review: Review, answered: standing.Answered, *, record_id: str, at: datetime
) -> dict[str, Any]:
    """Return what the record of a review holds."""
    decision = review.decision
    position, digest = audit.head()
    flags = decision.flags.filter(closed_at=None)
    last = changes.last_signed(decision)
    address = reverse("record-verify-one", args=[record_id])
    return {
        "$schema": settings.SITE_URL + reverse("record-schema", args=[SCHEMA]),
        "record": {
            "id": record_id,
            "version": 1,
            "schema": SCHEMA,
            "title": f"{decision.name}, {review.period}",
            "product_version": PRODUCT_VERSION,
            "formula_version": FORMULA_VERSION,
            "generated_at": at.astimezone(UTC).isoformat(),
            "verify_at": settings.SITE_URL + address,
            "supersedes": last.record_id if last else None,
            "retain_until": None if decision.team.is_demo else str(keeping.retain_until(at)),
            "demo": decision.team.is_demo,
        },
        "team": {"id": decision.team_id, "name": decision.team.name},
        "population": _population(review),
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
        "price_sources": _sources(answered),
        "exchange_rates": _rates(answered),
        "checklist": _checklist(review, answered),
        "quality_scores": [quality.values_of(s) for s in decision.quality_scores.defer("file")],
        "reliability_plan": [reliability.values_of(p) for p in decision.reliability_parts.all()],
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
    approvals = review.approvals.filter(submission=review.submission)
    return {
        "due_on": review.due_on.isoformat(),
        "prepared_by": review.submitted_by_name,
        "prepared_at": _text(review.submitted_at),
        "prepared_signed_in": _how(review, "review submitted"),
        "prepared_note": review.submit_note,
        "approved_by": review.signed_by_name,
        "approved_at": _text(review.signed_at),
        "approved_signed_in": _how(review, "review signed off"),
        "approved_note": review.sign_note,
        "approvals": [_approval(each) for each in approvals],
        "approvals_needed": review.decision.team.approvals_needed,
        "early_because": review.early_because,
        "cadence": cadence.in_words(review.decision),
        "next_due_on": _text(cadence.next_due(review.decision)),
        "comments": comments,
    }


def _approval(approval: Approval) -> dict[str, Any]:
    return {
        "by": approval.person_name,
        "for": approval.seat_name,
        "at": approval.signed_at.isoformat(),
        "confirmed_with": approval.signed_in_how,
        "note": approval.note,
        "seen_sha256": approval.seen_sha256,
        "parts_read": approval.parts_read,
    }


def _text(moment: datetime | date | None) -> str:
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


def _population(review: Review) -> dict[str, int]:
    """Count the team's decisions, and how many of them this period's reviews have signed off."""
    team = review.decision.team
    signed = Review.objects.filter(
        decision__team=team,
        decision__archived_at=None,
        year=review.year,
        quarter=review.quarter,
        state=Review.State.SIGNED,
    )
    return {
        "decisions": Decision.objects.filter(team=team, archived_at=None).count(),
        "signed_off": signed.count(),
    }


def _sources(answered: standing.Answered) -> list[dict[str, str]]:
    """Return from which revision (or SHA-256) of which source the prices came."""
    ids = [p.observation_id for p in answered.asked.prices if p.observation_id is not None]
    found = Observation.objects.filter(pk__in=ids).values_list("source", "source_revision")
    return [{"source": name, "revision": revision} for name, revision in sorted(set(found))]


def _rates(answered: standing.Answered) -> list[dict[str, str]]:
    """Return each exchange rate that was used, once."""
    target = answered.asked.raw["currency"]
    found = {
        (p.currency, format(p.rate.normalize(), "f"), p.rate_date)
        for p in answered.asked.prices
        if p.rate is not None and p.currency != target
    }
    return [
        {"from": source, "to": target, "rate": rate, "date": date}
        for source, rate, date in sorted(found)
    ]


def _how(review: Review, what: str) -> str:
    """Return how the person who did it last was signed in."""
    events = AuditEvent.objects.filter(subject_key=f"review:{review.pk}", what=what)
    return events.values_list("signed_in_how", flat=True).first() or ""
