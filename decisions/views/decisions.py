"""One decision: which option is best, which is chosen, and what stands behind every figure?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from decisions import access, cadence, drafts, madr, standing
from decisions.forms.decisions import NewDecisionForm
from decisions.forms.reviews import CadenceForm
from decisions.models import Decision, Review, Team
from decisions.views import history, ranges
from decisions.views.shown import shown
from decisions.views.signed_in import SignedInRequest
from pricing import currency


@login_required
def new(request: SignedInRequest, team_id: int) -> HttpResponse:
    """Ask for a name and start a decision; its steps follow."""
    team = access.team_to_edit(request.user, team_id)
    currencies = sorted({team.currency, *currency.known_currencies()})
    form = NewDecisionForm(
        request.POST or None, currencies=currencies, initial={"currency": team.currency}
    )
    if request.method == "POST" and form.is_valid():
        decision = _create(form, team, request)
        if decision is not None:
            return redirect("decision-workload", decision.pk)
    return render(request, "decisions/new.html", {"team": team, "form": form})


def _create(form: NewDecisionForm, team: Team, request: SignedInRequest) -> Decision | None:
    try:
        return drafts.create(team, **form.cleaned_data, by=request.user, at=timezone.now())
    except drafts.Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.says)
        return None


@login_required
def detail(request: SignedInRequest, decision_id: int) -> HttpResponse:
    """Show the answer first, then everything that it rests on."""
    decision = access.decision(request.user, decision_id)
    answered = standing.answer(decision, draws=ranges.DRAWS, seed=ranges.seed_of(request))
    context: dict[str, Any] = {
        "decision": decision,
        "answered": answered,
        "shown": shown(decision, answered),
        "ranges": ranges.ranges(answered.result),
        "review": _current_review(decision),
        "next_due": cadence.next_due(decision),
        "cadence": cadence.in_words(decision),
        "cadence_form": CadenceForm(
            initial={"months": decision.review_every_months, "was": decision.review_every_months}
        ),
        "flags": decision.flags.filter(closed_at=None),
        "events": history.newest(decision, at_most=5),
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "decisions/detail.html", context)


@login_required
@require_safe
def as_markdown(request: SignedInRequest, decision_id: int) -> HttpResponse:
    """Give the decision as it stands, as a Markdown decision record that is only proposed."""
    decision = access.decision(request.user, decision_id)
    answered = standing.answer(decision)
    if answered.result is None:
        messages.error(request, "There is nothing to write down yet: finish workload and options.")
        return redirect("decision-detail", decision.pk)
    held = {
        "as_of": timezone.localdate().isoformat(),
        "decision": {
            "name": decision.name,
            "purpose": decision.purpose,
            "chosen": decision.chosen.name if decision.chosen else None,
            "chosen_because": decision.chosen_because,
        },
        "team": {"name": decision.team.name},
        "result": answered.result,
        "reading": answered.reading.says if answered.reading else "",
    }
    body = madr.write(held, status="proposed")
    answer = HttpResponse(body, content_type="text/markdown; charset=utf-8")
    name = slugify(decision.name) or f"decision-{decision.pk}"
    answer["Content-Disposition"] = f'attachment; filename="{name}.md"'
    return answer


def _current_review(decision: Decision) -> Review | None:
    """Return the earliest review that is not signed yet, or else the newest."""
    reviews = decision.reviews.order_by("year", "quarter", "number")
    return reviews.exclude(state=Review.State.SIGNED).first() or reviews.last()


@login_required
@require_POST
def archive(request: SignedInRequest, decision_id: int) -> HttpResponse:
    """Take the decision out of the lists; its page offers to bring it back."""
    return _moved(request, decision_id, to="archive")


@login_required
@require_POST
def unarchive(request: SignedInRequest, decision_id: int) -> HttpResponse:
    """Bring an archived decision back."""
    return _moved(request, decision_id, to="unarchive")


def _moved(request: SignedInRequest, decision_id: int, *, to: str) -> HttpResponse:
    decision = access.decision_to_edit(request.user, decision_id)
    move = {"archive": drafts.archive, "unarchive": drafts.unarchive}[to]
    try:
        move(decision, by=request.user, at=timezone.now(), version=_version(request))
    except drafts.Stale:
        messages.error(request, "Somebody changed this decision since you opened it: look again.")
    return redirect("decision-detail", decision.pk)


def _version(request: SignedInRequest) -> int:
    """Return the version that the form was opened on; what is no number fits no version."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() else 0


urlpatterns = [
    path("teams/<int:team_id>/decisions/new/", new, name="decision-new"),
    path("decisions/<int:decision_id>/", detail, name="decision-detail"),
    path("decisions/<int:decision_id>/markdown/", as_markdown, name="decision-markdown"),
    path("decisions/<int:decision_id>/archive/", archive, name="decision-archive"),
    path("decisions/<int:decision_id>/unarchive/", unarchive, name="decision-unarchive"),
]
