"""What does the team answer to the nine questions, and what do the answers say together?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from decisions import access, drafts, findings, standing
from decisions.checklist import QUESTIONS
from decisions.forms.checklist import ChecklistForm, initial
from decisions.models import Decision
from decisions.views.changing import person, saved


@login_required
def checklist(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show the nine questions with what the figures suggest, and store the answers."""
    if request.method == "POST":
        return _save(request, access.decision_to_edit(request.user, decision_id))
    decision = access.decision(request.user, decision_id)
    return _page(request, decision, _form(decision))


def _save(request: HttpRequest, decision: Decision) -> HttpResponse:
    form = _form(decision, data=request.POST)

    def change() -> None:
        # The first change is made on the version that was opened; the others follow from it.
        version = form.cleaned_data["version"]
        for place, fields in enumerate(form.changed()):
            at = timezone.now()
            drafts.answer(decision, **fields, by=person(request), at=at, version=version + place)

    if form.is_valid() and saved(form, change, stored=lambda: _form(_again(decision))):
        messages.success(request, "The answers are stored.")
        if "next" in request.POST:
            return redirect("decision-compare", decision.pk)
        return redirect("decision-checklist", decision.pk)
    return _page(request, decision, form)


def _form(decision: Decision, *, data: Any = None) -> ChecklistForm:
    return ChecklistForm(data, initial=initial(decision.answers.all(), version=decision.version))


def _again(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


def _page(request: HttpRequest, decision: Decision, form: ChecklistForm) -> HttpResponse:
    answered = standing.answer(decision)
    context = {
        "decision": decision,
        "form": form,
        "asked": form.asked(answered.suggestions or {}),
        "answered": answered,
        "advice": (answered.result or {}).get("advice", ""),
        **_findings(answered),
        "open": len(QUESTIONS) - decision.answers.exclude(answer="").count(),
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "checklists/checklist.html", context)


def _findings(answered: standing.Answered) -> dict[str, Any]:
    found = answered.calculated.findings if answered.calculated else ()
    speaking_for, against = findings.counted(found)
    return {"findings": found, "for": speaking_for, "against": against}


urlpatterns = [
    path("decisions/<int:decision_id>/checklist/", checklist, name="decision-checklist"),
]
