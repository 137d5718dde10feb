"""Between which options does the team decide, and at which prices?"""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import (
    access,
    catalogue,
    drafts,
    evaluation,
    patterns,
    questions,
    standing,
    suggestions,
)
from decisions.forms import figures
from decisions.forms.base import VersionedForm
from decisions.forms.options import OptionForm, start
from decisions.models import Decision, Option
from decisions.views import offers
from decisions.views.changing import person, saved

UNDO = "deleted_option"


@login_required
def options(request: HttpRequest, decision_id: int) -> HttpResponse:
    """List the options, each with the prices it uses and its monthly cost."""
    decision = access.decision(request.user, decision_id)
    answered = standing.answer(decision)
    rows = [
        {
            "option": option,
            "figures": answered.option(option.name),
            "prices": [p for p in answered.asked.prices if p.option == option.name],
        }
        for option in decision.options.all()
    ]
    deleted = request.session.get(UNDO) or {}
    context = {
        "decision": decision,
        "rows": rows,
        "answered": answered,
        "best": answered.best,
        "kinds": Option.Kind.choices,
        "patterns": patterns.PATTERNS,
        "deleted": deleted if deleted.get("decision") == decision.pk else None,
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "options/options.html", context)


@login_required
def add(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Ask for a new option of the kind named in the address, and store it."""
    decision = access.decision_to_edit(request.user, decision_id)
    kind = request.GET.get("kind", Option.Kind.CLOSED_API)
    if kind not in Option.Kind.values:
        raise Http404
    option = Option(decision=decision, kind=kind)
    offer_id = request.GET.get("offer", "")
    if request.method == "GET" and offer_id.isdecimal():
        # A proposal that still lacks a figure: its form opens with what is known.
        known = suggestions.starting_from(decision, kind=kind, offer_id=int(offer_id[:18]))
        option.offer_id, option.figures = int(offer_id[:18]), known
    return _edit(request, option)


@login_required
def edit(request: HttpRequest, decision_id: int, option_id: int) -> HttpResponse:
    """Show an option's figures and store what is changed."""
    try:
        return _edit(request, access.option_to_edit(request.user, decision_id, option_id))
    except Http404:
        if request.POST.get("kind") not in Option.Kind.values:
            raise
        return _deleted_meanwhile(request, access.decision_to_edit(request.user, decision_id))


def _deleted_meanwhile(request: HttpRequest, decision: Decision) -> HttpResponse:
    """Show what was typed about an option that somebody else deleted, to be saved as a new one."""
    option = Option(decision=decision, kind=request.POST["kind"])
    form = _form(option, data=request.POST)
    form.reopen(stored=_form(option))
    form.refuse("", "Somebody deleted this option while you were typing. Saving adds it again.")
    form.conflicts = ()
    return _page(request, option, form)


def _edit(request: HttpRequest, option: Option) -> HttpResponse:
    if request.method != "POST":
        return _page(request, option, _form(option))
    if "search" in request.POST:
        # A search without script: nothing is checked or stored yet, and nothing typed is lost.
        return _page(request, option, _form(option, initial=request.POST.dict()))
    form = _form(option, data=request.POST)
    if not form.is_valid() or not saved(
        form, lambda: _store(request, option, form), stored=lambda: _form(_again(option))
    ):
        return _page(request, option, form)
    messages.success(request, "The option is stored.")
    return redirect("decision-options", option.decision_id)


def _store(request: HttpRequest, option: Option, form: OptionForm) -> None:
    """Store the option, unless the evaluation finds a fault in it; then nothing is stored."""
    entered, decision = form.cleaned_data, option.decision
    offer = None
    if entered["offer_id"] is not None:
        offer = offers.found(entered["offer_id"], decision=decision)
        if offer is None:
            raise drafts.Refused("offer_id", "This price is not in the price book. Pick another.")
    name = entered["name"] or (offer.name[:80] if offer else "")
    if not name:
        raise drafts.Refused("name", "Give it a name, or pick a stored price that has one.")
    values = {
        "name": name,
        "kind": option.kind,
        "offer_id": entered["offer_id"],
        "figures": form.figures(),
        "note": entered["note"],
        "by": person(request),
        "at": timezone.now(),
        "version": entered["version"],
    }
    if option._state.adding:
        drafts.add_option(decision, **values)
    else:
        drafts.change_option(option, **values)
    faults = list(faults_of(decision, name))
    for where, says in faults[1:]:
        form.refuse_fault(where, says)
    if faults:
        raise drafts.Refused(*form.place_of(*faults[0]))


def faults_of(decision: Decision, name: str) -> Iterator[tuple[str, str]]:
    """Yield what the evaluation finds wrong with one option: path inside it, and words."""
    asked = questions.ask(_fresh(decision))
    for problem in asked.problems:
        if problem.startswith(f"{name}: "):
            yield "offer_id", problem.removeprefix(f"{name}: ")
    place = next(i for i, each in enumerate(asked.raw["options"]) if each["name"] == name)
    try:
        evaluation.read(asked.raw)
    except evaluation.BadInput as bad:
        mine = f"options[{place}]"
        for fault in bad.faults:
            if fault.path.startswith(f"{mine}."):
                yield fault.path.removeprefix(f"{mine}."), fault.says
            elif f"{mine}." in fault.says:
                yield fault.path, fault.says


def _fresh(decision: Decision) -> Decision:
    return Decision.objects.select_related("team", "chosen").get(pk=decision.pk)


def _again(option: Option) -> Option:
    decision = _fresh(option.decision)
    stored = decision.options.filter(pk=option.pk).first() if option.pk else None
    # Deleted meanwhile: what was typed becomes a new option.
    option.decision, option.pk = decision, stored.pk if stored else None
    if stored is not None:
        stored.decision = decision
    return stored or option


def _form(option: Option, *, data: Any = None, initial: dict[str, Any] | None = None) -> OptionForm:
    others = [other for other in option.decision.options.all() if other.pk != option.pk]
    return OptionForm(
        data,
        initial=start(option, version=option.decision.version) | (initial or {}),
        kind=option.kind,
        others=others,
        kept=option.figures,
    )


def _page(request: HttpRequest, option: Option, form: OptionForm) -> HttpResponse:
    context = {
        "decision": option.decision,
        "option": option,
        "kind": Option.Kind(option.kind),
        "kinds": Option.Kind.choices,
        "form": form,
        "known_names": _known_names(option) if option.kind in figures.GPUS else {},
        **offers.context(
            request,
            decision=option.decision,
            kind=option.kind,
            picked=form["offer_id"].value(),
        ),
    }
    return render(request, "options/edit.html", context)


def _known_names(option: Option) -> dict[str, list[str]]:
    own = option.decision.team.own_models.values_list("name", flat=True)
    return figures.known_names(own_models=own)


@login_required
def delete(request: HttpRequest, decision_id: int, option_id: int) -> HttpResponse:
    """Ask whether to delete an option; delete it, keeping its values for an undo."""
    option = access.option_to_edit(request.user, decision_id, option_id)
    decision = option.decision
    form = VersionedForm(request.POST or None, initial={"version": decision.version})
    values = drafts.values_of(option)
    because = decision.chosen_because if decision.chosen_id == option.pk else None

    def change() -> None:
        version = form.cleaned_data["version"]
        drafts.delete_option(option, by=person(request), at=timezone.now(), version=version)

    if form.is_valid() and saved(form, change, stored=lambda: _versioned(decision)):
        undo = {"decision": decision.pk, "values": values, "chosen_because": because}
        request.session[UNDO] = undo
        return redirect("decision-options", decision.pk)
    context = {"decision": decision, "option": option, "form": form}
    return render(request, "options/delete.html", context)


def _versioned(decision: Decision) -> VersionedForm:
    return VersionedForm(initial={"version": _fresh(decision).version})


@login_required
@require_POST
def restore(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Bring the option back that this person deleted last."""
    decision = access.decision_to_edit(request.user, decision_id)
    deleted = request.session.pop(UNDO, None)
    if not deleted or deleted["decision"] != decision.pk:
        messages.warning(request, "There is nothing to bring back.")
        return redirect("decision-options", decision.pk)
    try:
        drafts.restore_option(
            decision,
            values=deleted["values"],
            chosen_because=deleted.get("chosen_because"),
            by=person(request),
            at=timezone.now(),
            version=decision.version,
        )
    except (drafts.Refused, drafts.Stale) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{deleted['values']['name']} is back.")
    return redirect("decision-options", decision.pk)


@login_required
def suggest(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show candidates of every kind at stored prices, and add those that are ticked."""
    decision = access.decision_to_edit(request.user, decision_id)
    asked = request.POST if request.method == "POST" else request.GET
    models = [model.name for model in catalogue.models()]
    usual = suggestions.usual_model(decision)
    model = asked.get("model") if asked.get("model") in models else usual
    proposals = suggestions.propose(decision, model=str(model))
    if request.method == "POST":
        return _add_all(request, decision, proposals)
    context = {
        "decision": decision,
        "groups": _by_kind(proposals),
        "deployments": suggestions.five(decision, proposals),
        "models": models,
        "model": model,
        "has_workload": hasattr(decision, "workload"),
        "may_edit": True,
        "loaded_cost": decision.team.loaded_cost_per_fte_year,
    }
    return render(request, "options/suggest.html", context)


@login_required
def five(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Return what each of the five usual deployments costs, added or not; a part when htmx asks."""
    decision = access.decision(request.user, decision_id)
    proposals = suggestions.propose(decision, model=suggestions.usual_model(decision))
    context = {
        "decision": decision,
        "deployments": suggestions.five(decision, proposals),
        "may_edit": access.may_edit(request.user, decision.team),
    }
    part = getattr(request, "htmx", False)
    return render(request, "options/five.html" if part else "options/five_alone.html", context)


def _by_kind(
    proposals: list[suggestions.Proposal],
) -> list[tuple[str, list[suggestions.Proposal]]]:
    return [
        (str(kind.label), found)
        for kind in Option.Kind
        if (found := [each for each in proposals if each.kind == kind])
    ]


def _add_all(
    request: HttpRequest, decision: Decision, proposals: list[suggestions.Proposal]
) -> HttpResponse:
    keys = request.POST.getlist("add")
    ticked = suggestions.standing_alone(
        [each for each in proposals if each.key in keys and not each.missing],
        known=set(decision.options.values_list("name", flat=True)),
    )
    form = VersionedForm(request.POST)

    def change() -> None:
        version = form.cleaned_data["version"]
        for added, each in enumerate(ticked):
            values = {"name": each.name, "kind": each.kind, "note": each.why}
            drafts.add_option(
                decision,
                **values,
                offer_id=each.offer_id,
                figures=each.figures,
                by=person(request),
                at=timezone.now(),
                version=version + added,
            )

    if form.is_valid() and saved(form, change, stored=lambda: _versioned(decision)):
        messages.success(request, f"{len(ticked)} options added. Open each to check its figures.")
        return redirect("decision-options", decision.pk)
    for errors in form.errors.values():
        messages.error(request, " ".join(map(str, errors)))
    return redirect("option-suggest", decision.pk)


urlpatterns = [
    path("decisions/<int:decision_id>/options/", options, name="decision-options"),
    path("decisions/<int:decision_id>/options/add/", add, name="option-add"),
    path("decisions/<int:decision_id>/options/suggest/", suggest, name="option-suggest"),
    path("decisions/<int:decision_id>/options/five/", five, name="option-five"),
    path("decisions/<int:decision_id>/options/restore/", restore, name="option-restore"),
    path("decisions/<int:decision_id>/options/<int:option_id>/", edit, name="option-edit"),
    path(
        "decisions/<int:decision_id>/options/<int:option_id>/delete/", delete, name="option-delete"
    ),
]
