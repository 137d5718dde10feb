"""Which stored price does an option use? The search beside an option's form."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from decisions import access
from decisions.forms import figures
from decisions.models import Decision
from pricing import queries

MOST_SHOWN = 12


@login_required
def offer_search(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Return the stored prices that fit what is typed, as a fragment of radio buttons.

    The price that is picked stays at the top, whatever is searched for next.
    """
    decision = access.decision_to_edit(request.user, decision_id)
    kind, picked = request.GET.get("kind", ""), request.GET.get("offer_id")
    shown = context(request, decision=decision, kind=kind, picked=picked)
    return render(request, "options/offers.html", shown)


def context(
    request: HttpRequest, *, decision: Decision, kind: str, picked: object
) -> dict[str, Any]:
    """Return what the price part of an option's form shows: the price picked, and a search."""
    asked = figures.offers(kind)
    if asked is None:
        return {"has_offers": False}
    text = (request.POST.get("q") or request.GET.get("q") or "")[:100]
    fitting = _fitting(text, decision=decision, **asked)
    picked_id = int(str(picked)[:18]) if str(picked).isdecimal() else None
    return {
        "has_offers": True,
        "is_gpu": asked["kind"] == "gpu",
        "q": text,
        "used": None if picked_id is None else found(picked_id, decision=decision),
        "offers": [offer for offer in fitting if offer.offer_id != picked_id],
    }


def _fitting(text: str, *, decision: Decision, **asked: str) -> list[queries.OfferPrice]:
    # Without a word the cheapest would come first, which is seldom what anybody means.
    if not text.strip():
        return []
    # Whether a model's weights are open is often unknown: only what is known to be the other is cut.
    weights = asked.pop("weights", "")
    offers = queries.find_offers(**asked, text=text, limit=4 * MOST_SHOWN, team_id=decision.team_id)
    return [o for o in offers if o.weights in (weights, "unknown") or not weights][:MOST_SHOWN]


def found(offer_id: int, *, decision: Decision) -> queries.OfferPrice | None:
    """Return an offer that this team may use, with its prices; None when there is none."""
    return queries.prices_for([offer_id], team_id=decision.team_id).get(offer_id)


urlpatterns = [
    path("decisions/<int:decision_id>/options/prices/", offer_search, name="offer-search"),
]
