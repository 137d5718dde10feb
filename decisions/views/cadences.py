"""How often a decision is reviewed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, cadence
from decisions.forms.reviews import CadenceForm
from decisions.models import Decision
from decisions.views.changing import person


@login_required
@require_POST
def decision_cadence(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Change how often a decision is reviewed."""
    decision: Decision = access.decision_to_edit(request.user, decision_id)
    form = CadenceForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Pick one of the choices offered.")
    elif cadence.set_months(
        decision,
        months=form.cleaned_data["months"],
        was=form.cleaned_data["was"],
        by=person(request),
        at=timezone.now(),
    ):
        messages.success(request, f"{decision} is reviewed {cadence.in_words(decision)}.")
    else:
        messages.error(request, "Somebody else changed this meanwhile: look again.")
    return redirect("decision-detail", decision.pk)


urlpatterns = [
    path("decisions/<int:decision_id>/cadence/", decision_cadence, name="decision-cadence"),
]
