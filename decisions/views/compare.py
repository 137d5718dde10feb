"""Which option is best at today's volume, at a hundredth and a hundred times of it, and which is chosen?"""

import math
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, charts, drafts, standing
from decisions.forms import numbers
from decisions.forms.compare import ChooseForm
from decisions.models import Decision
from decisions.verdict import remarks, verdict
from decisions.views import ranges
from decisions.views.changing import person, saved

# The slider's ends, in powers of ten of today's volume.
MOST_POWER = 2.0


@login_required
def compare(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Compare the options at today's volume, and ask for the choice."""
    decision = access.decision(request.user, decision_id)
    return _page(request, decision, _form(decision))


@login_required
def figures(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Return the comparison at the volume of the slider, as a fragment."""
    decision = access.decision(request.user, decision_id)
    return render(request, "compare/figures.html", _at_volume(request, decision))


@login_required
@require_POST
def choose(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Store the choice and its reason."""
    decision = access.decision_to_edit(request.user, decision_id)
    form = _form(decision, data=request.POST)

    def change() -> None:
        entered = form.cleaned_data
        drafts.choose(
            decision,
            option=decision.options.get(pk=entered["option"]),
            because=entered["because"],
            by=person(request),
            at=timezone.now(),
            version=entered["version"],
        )

    if form.is_valid() and saved(form, change, stored=lambda: _form(_again(decision))):
        messages.success(request, "The choice is stored.")
        return redirect("decision-detail", decision.pk)
    return _page(request, decision, form)


def _form(decision: Decision, *, data: Any = None) -> ChooseForm:
    initial = {
        "version": decision.version,
        "option": decision.chosen_id,
        "because": decision.chosen_because,
    }
    return ChooseForm(data, initial=initial, options=decision.options.all())


def _again(decision: Decision) -> Decision:
    return Decision.objects.select_related("team", "chosen").get(pk=decision.pk)


def _page(request: HttpRequest, decision: Decision, form: ChooseForm) -> HttpResponse:
    seed = ranges.seed_of(request)
    shown = _at_volume(request, decision, draws=ranges.DRAWS, seed=seed)
    today = shown["answered"]
    if shown["factor"] != 1:
        today = standing.answer(decision, draws=ranges.DRAWS, seed=seed)
    context = {
        **shown,
        "form": form,
        "today": today,
        "ranges": ranges.ranges(today.result),
        "volume": _volume_chart(decision, today),
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "compare/compare.html", context)


def _volume_chart(decision: Decision, answered: standing.Answered) -> charts.BreakEvenChart | None:
    if answered.result is None or answered.calculated is None:
        return None
    chosen = decision.chosen.name if decision.chosen else None
    return charts.break_even(answered.result, charts.curves(answered.calculated), chosen=chosen)


def _at_volume(
    request: HttpRequest, decision: Decision, *, draws: int = 0, seed: int = 0
) -> dict[str, Any]:
    workload = getattr(decision, "workload", None)
    base = workload.input_tokens_per_month + workload.output_tokens_per_month if workload else 0.0
    factor, fault = _factor(request, base=base)
    answered = standing.answer(decision, tokens_factor=factor, draws=draws, seed=seed)
    result = answered.result
    chosen = decision.chosen.name if decision.chosen else None
    return {
        "decision": decision,
        "base": base,
        "factor": factor,
        "power": round(math.log10(factor), 3),
        "tokens": base * factor,
        "typed": request.GET.get("tokens", ""),
        "fault": fault,
        "answered": answered,
        "best": answered.best,
        "rows": _rows(answered),
        "verdict": verdict(result, horizon_months=decision.horizon_months) if result else "",
        "costs": charts.cost_comparison(result, chosen=chosen) if result else None,
    }


def _rows(answered: standing.Answered) -> list[dict[str, Any]]:
    """Return the options for the table, the best one first, then by the ranking."""
    if answered.result is None:
        return []
    best = answered.best
    ranked = [answered.option(name) or {} for name in answered.result["ranking"]]
    ranked.sort(key=lambda option: option is not best)
    return [{**option, "remarks": remarks(option)} for option in ranked]


def _factor(request: HttpRequest, *, base: float) -> tuple[float, str]:
    """Return the volume asked for, over today's, and what is wrong with what was typed."""
    typed = request.GET.get("tokens", "").strip()
    least, most = 10**-MOST_POWER, 10**MOST_POWER
    try:
        if typed:
            factor = float(numbers.read(typed[:60], whole=True)) / base if base else 1.0
        else:
            power = float(request.GET.get("power") or 0)
            factor = 10 ** max(-MOST_POWER, min(MOST_POWER, power))
    except (ValueError, ArithmeticError) as error:
        return 1.0, str(error) if type(error) is ValueError and typed else "This is not a number."
    if not least * 0.999 <= factor <= most * 1.001:
        return 1.0, "This is more than 100 times or less than a hundredth of today's volume."
    return factor, ""


urlpatterns = [
    path("decisions/<int:decision_id>/compare/", compare, name="decision-compare"),
    path("decisions/<int:decision_id>/compare/figures/", figures, name="compare-figures"),
    path("decisions/<int:decision_id>/choose/", choose, name="decision-choose"),
]
