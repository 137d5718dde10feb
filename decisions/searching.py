"""How are records and audit events found again? Each filter narrows what the others left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from decisions.models import AuditEvent, LegalHold, Snapshot

RECORD_FIELDS = ("text", "team", "period", "decision", "person", "option", "flag", "held")
EVENT_FIELDS = ("text", "team", "what", "person", "from", "until")
SEARCHED = ("record_id", "decision_name", "team_name", "prepared_by", "approved_by", "chosen_name")
SEARCHED_EVENTS = ("what", "subject", "actor", "after", "before")
MOST_WORDS = 8


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody filters by. Unknown words and empty ones are left out."""

    values: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return what a field holds, "" when nothing is asked."""
        return self.values.get(name, "")

    def __bool__(self) -> bool:
        return bool(self.values)


def asked(query: Mapping[str, Any], fields: tuple[str, ...]) -> Asked:
    """Return what the words behind the question mark ask for."""
    # A NUL would be an error of PostgreSQL's.
    found = {name: str(query.get(name, "")).replace("\0", " ").strip()[:200] for name in fields}
    return Asked(values={name: value for name, value in found.items() if value})


def snapshots(found: QuerySet[Snapshot], by: Asked) -> QuerySet[Snapshot]:
    """Return the records that fit."""
    found = _with_words(found, by.get("text"), SEARCHED)
    if by.get("team").isdecimal():
        found = found.filter(team_id_text=by.get("team")[:40])
    exact = {"period": "period", "flag": "flag_kinds__contains"}
    for name, lookup in exact.items():
        if value := by.get(name):
            found = found.filter(**{lookup: value})
    for name, lookup in {"decision": "decision_name", "option": "chosen_name"}.items():
        found = _with_words(found, by.get(name), (lookup,))
    found = _with_words(found, by.get("person"), ("prepared_by", "approved_by"))
    if by.get("held"):
        held = LegalHold.objects.filter(lifted_at=None).values("record_id")
        found = found.filter(record_id__in=held)
    return found


def events(found: QuerySet[AuditEvent], by: Asked) -> QuerySet[AuditEvent]:
    """Return the events that fit; days are those of the reader's zone, both included."""
    found = _with_words(found, by.get("text"), SEARCHED_EVENTS)
    found = _with_words(found, by.get("person"), ("actor",))
    for name in ("team", "what"):
        if value := by.get(name):
            found = found.filter(**{name: value})
    if day := _day(by.get("from")):
        found = found.filter(at__gte=_moment(day, time.min))
    if day := _day(by.get("until")):
        found = found.filter(at__lte=_moment(day, time.max))
    return found


def _with_words(found: QuerySet[Any], text: str, fields: tuple[str, ...]) -> QuerySet[Any]:
    """Every word has to be somewhere in one of the fields."""
    for word in text.split()[:MOST_WORDS]:
        found = found.filter(
            Q.create([(f"{name}__icontains", word) for name in fields], connector=Q.OR)
        )
    return found


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _moment(day: date, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))
