"""What happens when the team's own machines fail, and who has tried it?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from decisions import access, reliability
from decisions.forms.reliability import ReliabilityForm, initial
from decisions.models import Decision, ReliabilityPart
from decisions.views.changing import person, saved


@login_required
def plan(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show the six parts of the plan, and store them."""
    if request.method == "POST":
        return _save(request, access.decision_to_edit(request.user, decision_id))
    decision = access.decision(request.user, decision_id)
    return _page(request, decision, _form(decision))


def _save(request: HttpRequest, decision: Decision) -> HttpResponse:
    form = _form(decision, data=request.POST)

    def change() -> None:
        reliability.set_plan(
            decision,
            parts=form.parts(),
            by=person(request),
            at=timezone.now(),
            version=form.cleaned_data["version"],
        )

    if form.is_valid() and saved(form, change, stored=lambda: _form(_again(decision))):
        messages.success(request, "The plan is stored.")
        return redirect("decision-reliability", decision.pk)
    return _page(request, decision, form)


def _page(request: HttpRequest, decision: Decision, form: ReliabilityForm) -> HttpResponse:
    parts = list(decision.reliability_parts.all())
    context = {
        "decision": decision,
        "form": form,
        "looked_after": sum(1 for each in parts if each.owner),
        "tested": sum(1 for each in parts if each.tested_on),
        "of": len(ReliabilityPart.Part),
        "cost": sum(each.monthly_cost for each in parts if each.monthly_cost is not None),
        "costs_known": any(each.monthly_cost is not None for each in parts),
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "reliability/plan.html", context)


def _form(decision: Decision, *, data: Any = None) -> ReliabilityForm:
    start = initial(decision.reliability_parts.all(), version=decision.version)
    return ReliabilityForm(data, initial=start)


def _again(decision: Decision) -> Decision:
    return Decision.objects.get(pk=decision.pk)


urlpatterns = [
    path("decisions/<int:decision_id>/reliability/", plan, name="decision-reliability"),
]
