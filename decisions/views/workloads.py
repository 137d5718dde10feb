"""What does the team ask of the model in a month?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, drafts
from decisions.forms.workload import RATE, WorkloadForm, initial, tokens_per_second
from decisions.formulas.capacity import peak_to_mean_of
from decisions.models import Decision, Workload
from decisions.views.changing import person, saved
from pricing import currency


@login_required
def workload(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show the workload to whoever may read it, and store it for those who may change it."""
    if request.method == "POST":
        return _save(request, access.decision_to_edit(request.user, decision_id))
    decision = access.decision(request.user, decision_id)
    return _page(request, decision, _form(decision))


def _save(request: HttpRequest, decision: Decision) -> HttpResponse:
    form = _form(decision, data=request.POST)
    by, at = person(request), timezone.now()

    def change() -> None:
        version = form.cleaned_data["version"]
        drafts.change_settings(decision, fields=form.settings(), by=by, at=at, version=version)
        drafts.set_workload(
            decision, fields=form.workload(), by=by, at=at, version=decision.version
        )

    if form.is_valid() and saved(form, change, stored=lambda: _form(_again(decision))):
        messages.success(request, "The workload is stored.")
        if "next" in request.POST:
            return redirect("decision-options", decision.pk)
        return redirect("decision-workload", decision.pk)
    return _page(request, decision, form)


@login_required
@require_POST
def rate(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Return the tokens per second of what is typed so far, as a fragment."""
    form = _form(access.decision(request.user, decision_id), data=request.POST)
    form.is_valid()
    return render(request, "workloads/rate.html", {"rate": form.tokens_per_second()})


def _form(decision: Decision, *, data: Any = None) -> WorkloadForm:
    known = Workload.objects.filter(decision=decision).first()
    stored = initial(decision, known)
    currencies = sorted({decision.currency, *currency.known_currencies()})
    profile = known.hourly_tokens if known else None
    return WorkloadForm(data, initial=stored, currencies=currencies, profile=profile)


def _again(decision: Decision) -> Decision:
    return Decision.objects.select_related("team").get(pk=decision.pk)


def _page(request: HttpRequest, decision: Decision, form: WorkloadForm) -> HttpResponse:
    known = Workload.objects.filter(decision=decision).first()
    sent, written, peak = (getattr(known, name, None) for name in RATE)
    if known is not None and known.hourly_tokens:
        peak = peak_to_mean_of(known.hourly_tokens)
    stored = tokens_per_second(sent, written, peak)
    context = {
        "decision": decision,
        "form": form,
        "known": known,
        "rate": form.tokens_per_second() or stored,
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "workloads/workload.html", context)


urlpatterns = [
    path("decisions/<int:decision_id>/workload/", workload, name="decision-workload"),
    path("decisions/<int:decision_id>/workload/rate/", rate, name="workload-rate"),
]
