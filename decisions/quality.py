"""What does the team ask of an answer, and what did its own evaluations find?"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from decisions import drafts
from decisions.models import Decision, QualityScore, User, Workload

MOST_FILE_BYTES = 2_000_000
FILE_TYPES = (".csv", ".json", ".md", ".pdf", ".png", ".txt", ".xlsx")


class Evidence(NamedTuple):
    """A file that stands behind a score."""

    name: str
    content: bytes


def add_score(
    decision: Decision,
    *,
    option_name: str,
    traffic_class: str = "",
    score: float,
    benchmark: str,
    measured_on: date,
    evidence_url: str = "",
    note: str = "",
    evidence: Evidence | None = None,
    by: User,
    at: datetime,
    version: int,
) -> QualityScore:
    """Return the stored score of one evaluation; older ones stay, so that drift can be seen."""
    if measured_on > at.date():
        raise drafts.Refused("measured_on", "This day is still to come.")
    if not decision.options.filter(name=option_name).exists():
        raise drafts.Refused("option_name", "The decision has no such option.")
    if not (evidence_url or note or evidence):
        raise drafts.Refused("evidence_url", "Give an address, a file or a note that shows it.")
    if evidence:
        _check(evidence)
    with drafts.change(decision, at=at, version=version):
        stored = QualityScore.objects.create(
            decision=decision,
            option_name=option_name,
            traffic_class=traffic_class,
            score=score,
            benchmark=benchmark,
            measured_on=measured_on,
            evidence_url=evidence_url,
            note=note,
            file_name=evidence.name[-120:] if evidence else "",
            file_sha256=hashlib.sha256(evidence.content).hexdigest() if evidence else "",
            file=evidence.content if evidence else None,
            by_name=str(by),
            created_at=at,
        )
        drafts.leave_event("quality score added", decision, by=by, at=at, after=values_of(stored))
    return stored


def remove_score(score: QualityScore, *, by: User, at: datetime, version: int) -> None:
    """Take a score away; the audit trail keeps what it said."""
    decision = score.decision
    with drafts.change(decision, at=at, version=version):
        drafts.leave_event("quality score removed", decision, by=by, at=at, before=values_of(score))
        score.delete()


def set_traffic(
    decision: Decision,
    *,
    classes: Sequence[dict[str, Any]],
    by: User,
    at: datetime,
    version: int,
) -> None:
    """Store the classes of requests, whole; their shares make 1."""
    known = Workload.objects.filter(decision=decision).first()
    if known is None:
        raise drafts.Refused("", "Fill in the workload first: the shares are of its tokens.")
    drafts.set_workload(decision, fields={"traffic": list(classes)}, by=by, at=at, version=version)


def as_class(
    *,
    name: str,
    share: Decimal,
    least_quality: Decimal | None,
    privacy: bool = False,
    custom_model: bool = False,
) -> dict[str, Any]:
    """Return a class of requests as the workload stores it: what is not stated is left out."""
    stored: dict[str, Any] = {"name": name, "share": float(share)}
    if least_quality is not None:
        stored["least_quality"] = float(least_quality)
    needs = {"privacy": privacy, "custom_model": custom_model}
    return stored | {name: True for name, wanted in needs.items() if wanted}


def values_of(score: QualityScore) -> dict[str, Any]:
    """Return what a score says, as plain values, without the file itself."""
    names = (
        "option_name", "traffic_class", "score", "benchmark", "evidence_url", "note",
        "file_name", "file_sha256", "by_name",
    )  # fmt: skip
    values = {name: getattr(score, name) for name in names}
    return {**values, "measured_on": score.measured_on.isoformat()}


def _check(evidence: Evidence) -> None:
    if len(evidence.content) > MOST_FILE_BYTES:
        raise drafts.Refused("file", f"At most {MOST_FILE_BYTES // 1_000_000} MB.")
    if not evidence.name.lower().endswith(FILE_TYPES):
        raise drafts.Refused("file", f"One of {', '.join(FILE_TYPES)}.")
