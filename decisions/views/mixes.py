"""How many replicas should carry the base load, and what goes to an API?"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, charts, drafts, mixes, standing
from decisions.forms.base import VersionedForm
from decisions.formulas.fleet import Fleet
from decisions.models import Decision
from decisions.views.changing import person, saved

ROWS_AROUND = 3


@login_required
def mix(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show the best number of replicas for a pair of options, over the hours of the workload."""
    decision = access.decision(request.user, decision_id)
    answered = standing.answer(decision)
    found = answered.calculated
    shown = _asked(request, answered)
    context = {
        "decision": decision,
        "answered": answered,
        "owners": mixes.owners(found) if found else [],
        "apis": mixes.apis(found) if found else [],
        "mix": shown,
        "may_edit": access.may_edit(request.user, decision.team),
    }
    if shown is not None:
        best = shown.plan.best
        context |= {
            "best": best,
            "rows": _rows(shown),
            "chart": charts.hours_chart(
                shown.hours, per_replica=shown.terms.tokens_per_hour, best=best.replicas
            ),
            "saves": shown.plan.api_only.total - best.total,
            "once": shown.own.one_off,
        }
    return render(request, "options/mix.html", context)


@login_required
@require_POST
def adopt(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Add the best plan as an option, a mix of so many replicas and the API."""
    decision = access.decision_to_edit(request.user, decision_id)
    found = _asked(request, standing.answer(decision))
    if found is None or not found.replicas:
        messages.error(request, "There is no mix to add: no replica pays for these options.")
        return redirect("option-mix", decision.pk)
    form = VersionedForm(request.POST)

    def change() -> None:
        own = decision.options.get(name=found.own.name)
        drafts.add_option(
            decision,
            name=found.name,
            kind="hybrid",
            figures=mixes.as_figures(found, own),
            note=_note(found),
            by=person(request),
            at=timezone.now(),
            version=form.cleaned_data["version"],
        )

    if form.is_valid() and saved(form, change, stored=lambda: _versioned(decision)):
        messages.success(request, f"{found.name} is added to the options.")
        return redirect("decision-options", decision.pk)
    for errors in form.errors.values():
        messages.error(request, " ".join(map(str, errors)))
    return redirect("option-mix", decision.pk)


def _asked(request: HttpRequest, answered: standing.Answered) -> mixes.Mix | None:
    """Return the plan for the pair that is asked for, or for the cheapest pair."""
    found = answered.calculated
    pair = mixes.default_pair(found) if found else None
    if found is None or pair is None:
        return None
    asked = request.POST if request.method == "POST" else request.GET
    own = mixes.named(mixes.owners(found), asked.get("own")) or pair[0]
    api = mixes.named(mixes.apis(found), asked.get("api")) or pair[1]
    return mixes.mix(found, own=own, api=api)


def _rows(found: mixes.Mix) -> list[Fleet]:
    """Return the API alone and the numbers around the best one."""
    best = found.plan.best.replicas
    return [
        fleet
        for fleet in found.plan.fleets
        if fleet.replicas == 0 or abs(fleet.replicas - best) <= ROWS_AROUND
    ]


def _note(found: mixes.Mix) -> str:
    hours = "an assumed daily shape" if found.hours_are_assumed else f"{len(found.hours)} hours"
    return (
        f"From base load and peaks over {hours}: a replica pays from "
        f"{found.plan.worth_from:.1%} busy on."
    )


def _versioned(decision: Decision) -> VersionedForm:
    return VersionedForm(initial={"version": Decision.objects.get(pk=decision.pk).version})


urlpatterns = [
    path("decisions/<int:decision_id>/options/mix/", mix, name="option-mix"),
    path("decisions/<int:decision_id>/options/mix/adopt/", adopt, name="option-mix-adopt"),
]
