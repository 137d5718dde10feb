"""What happened to a decision, in words?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from decisions import access, checklist
from decisions.changes import Change
from decisions.models import AuditEvent, Decision
from decisions.views.wording import in_words

PER_PAGE = 40
QUESTIONS = {question.id: question.text for question in checklist.QUESTIONS}
# What the record never prints; everything else has its label there.
LABELS = {
    "offer_id": "number in the price book",
    "horizon_months": "horizon in months",
    "discount_rate_per_year": "discount rate a year",
}


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One event, and each value that it changed."""

    event: AuditEvent
    what: str
    changed: tuple[dict[str, Any], ...]


def newest(decision: Decision, *, at_most: int) -> list[Happened]:
    """Return what happened to the decision last, newest first."""
    return [_happened(event, decision.currency) for event in _events(decision)[:at_most]]


def _events(decision: Decision) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.filter(subject_key=f"decision:{decision.pk}")
    return found.order_by("-position")


@login_required
def show(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show everything that happened to the decision, a page at a time."""
    decision = access.decision(request.user, decision_id)
    page = Paginator(_events(decision), PER_PAGE).get_page(request.GET.get("page"))
    events = [_happened(event, decision.currency) for event in page]
    context = {"decision": decision, "page": page, "events": events}
    return render(request, "decisions/changes.html", context)


def _happened(event: AuditEvent, currency: str) -> Happened:
    before, after = (_flat(text) for text in (event.before, event.after))
    question = QUESTIONS.get(after.pop("question", ""))
    name = question or after.get("name") or before.get("name") or after.get("option")
    says = f"{event.what}: {name}" if isinstance(name, str) else event.what
    return Happened(event=event, what=says, changed=tuple(_changed(before, after, currency)))


def _changed(
    before: dict[str, Any], after: dict[str, Any], currency: str
) -> Iterator[dict[str, Any]]:
    for field in [*before, *(field for field in after if field not in before)]:
        old, new = before.get(field), after.get(field)
        if old != new and not (_is_empty(old) and _is_empty(new)):
            change = Change(part="options", what=f": {LABELS.get(field, field)}", old=old, new=new)
            yield in_words(change, currency=currency)


def _is_empty(value: Any) -> bool:
    return value in (None, "", [], {}, False)


def _flat(text: str) -> dict[str, Any]:
    """Return the values of an event; an option's figures stand beside its name."""
    values = json.loads(text) if text else {}
    for inner in ("figures", "requirements"):
        values |= values.pop(inner, None) or {}
    return dict(values)


urlpatterns = [path("decisions/<int:decision_id>/history/", show, name="decision-history")]
