"""What calls for another look at a decision, and what of it has happened?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from decisions import access, changes, drafts, triggers
from decisions.forms.triggers import WatchForm
from decisions.models import Decision, Flag
from decisions.views.changing import person, saved
from pricing import queries

Kind = Flag.Kind
WHEN = {
    Kind.CROSSED: "another option is cheaper by more than 5% and repays the change, on two pulls in "
    "a row or for 48 hours",
    Kind.VOLUME: "tokens a month move by 25% or more against the signed record",
    Kind.NEW_MODEL: "a pull brings a model of a watched family that was not sold before the signature",
    Kind.STAFFING: "the people of an option, or what they cost, are not as signed",
    Kind.COMPLIANCE: "an answer on privacy, regions or compliance changes, or the day below comes",
}
WATCHED = ("watched_families", "compliance_on", "compliance_because")


@login_required
def show(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show each trigger and what it found, and store what is watched."""
    if request.method == "POST":
        return _save(request, access.decision_to_edit(request.user, decision_id))
    decision = access.decision(request.user, decision_id)
    return _page(request, decision, _form(decision))


def _save(request: HttpRequest, decision: Decision) -> HttpResponse:
    form = _form(decision, data=request.POST)

    def change() -> None:
        fields = {name: form.cleaned_data[name] for name in WATCHED}
        version = form.cleaned_data["version"]
        at = timezone.now()
        drafts.set_watch(decision, fields=fields, by=person(request), at=at, version=version)

    if form.is_valid() and saved(form, change, stored=lambda: _form(_again(decision))):
        messages.success(request, "What is watched is stored.")
        return redirect("decision-triggers", decision.pk)
    return _page(request, decision, form)


def _page(request: HttpRequest, decision: Decision, form: WatchForm) -> HttpResponse:
    found = {flag.kind: flag for flag in decision.flags.filter(closed_at=None)}
    context = {
        "decision": decision,
        "form": form,
        "rows": [
            {"name": kind.label, "when": when, "flag": found.get(kind)}
            for kind, when in WHEN.items()
        ],
        "watched": triggers.watched(decision),
        "last": changes.last_signed(decision),
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "decisions/triggers.html", context)


def _form(decision: Decision, *, data: Any = None) -> WatchForm:
    start = {name: getattr(decision, name) for name in (*WATCHED, "version")}
    families = sorted({*queries.families(), *decision.watched_families})
    return WatchForm(data, initial=start, families=families)


def _again(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


urlpatterns = [path("decisions/<int:decision_id>/triggers/", show, name="decision-triggers")]
