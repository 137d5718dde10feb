"""What would change our mind, what may come, and what has it cost since the last signature?"""

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from decisions import access, changes, outlook, standing, surfaces
from decisions.charts.surface import surface_chart
from decisions.models import Decision


@login_required
def show(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show the nearest turning points, scenarios, and the replay of the signed decision."""
    decision = access.decision(request.user, decision_id)
    answered = standing.answer(decision)
    best = answered.best["name"] if answered.best else ""
    found = answered.calculated
    what = request.GET.get("price", "")
    landscape = surfaces.landscape(decision, found, what=what) if found and best else None
    context = {
        "decision": decision,
        "answered": answered,
        "best": best,
        "turns": outlook.turns(found, best) if found and best else [],
        "landscape": landscape,
        "chart": surface_chart(landscape) if landscape else None,
        "crossings": found.break_evens if found else [],
        "scenarios": outlook.scenarios(found, best) if found and best else [],
        "replay": _replay(decision),
    }
    return render(request, "decisions/outlook.html", context)


def _replay(decision: Decision) -> outlook.Replay | None:
    last = changes.last_signed(decision)
    if last is None:
        return None
    record = json.loads(last.record_json)
    return outlook.replay(decision, record, signed_at=last.signed_at, until=timezone.now())


urlpatterns = [path("decisions/<int:decision_id>/outlook/", show, name="decision-outlook")]
