"""Who looks after each of the six parts of reliability, and when was it last tried?"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from decisions import drafts
from decisions.models import Decision, ReliabilityPart, User

FIELDS = ("plan", "owner", "tested_on", "monthly_cost")


def set_plan(
    decision: Decision,
    *,
    parts: Iterable[Mapping[str, Any]],
    by: User,
    at: datetime,
    version: int,
) -> None:
    """Store the parts that are given, whole; each has `part` and the fields of it."""
    parts = list(parts)
    for each in parts:
        if each["tested_on"] is not None and each["tested_on"] > at.date():
            raise drafts.Refused(f"{each['part']}_tested_on", "This day is still to come.")
    with drafts.change(decision, at=at, version=version):
        before = {part.part: values_of(part) for part in decision.reliability_parts.all()}
        for each in parts:
            ReliabilityPart.objects.update_or_create(
                decision=decision,
                part=each["part"],
                defaults={name: each[name] for name in FIELDS},
            )
        after = {part.part: values_of(part) for part in decision.reliability_parts.all()}
        drafts.leave_event(
            "reliability plan changed", decision, by=by, at=at, before=before, after=after
        )


def values_of(part: ReliabilityPart) -> dict[str, str]:
    """Return what is stated of a part, as plain values."""
    named = {"part": part.part}
    stated = {name: getattr(part, name) for name in FIELDS}
    return named | {name: str(value) for name, value in stated.items() if value not in ("", None)}
