"""How good must an answer be, how good was each option when the team looked, and does it drift?"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, catalogue, charts, drafts, quality, standing
from decisions.forms.quality import ScoreForm, TrafficForm, start_of_traffic
from decisions.models import Decision, QualityScore, Workload
from decisions.views.changing import person, saved


@login_required
def show(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Show bars, scores and drift; store a new score."""
    if request.method == "POST":
        return _add(request, access.decision_to_edit(request.user, decision_id))
    return _page(request, access.decision(request.user, decision_id))


def _add(request: HttpRequest, decision: Decision) -> HttpResponse:
    form = _score_form(decision, data=request.POST, files=request.FILES)

    def change() -> None:
        entered = dict(form.cleaned_data)
        sent = entered.pop("file")
        evidence = quality.Evidence(sent.name, sent.read()) if sent else None
        quality.add_score(
            decision,
            **{**entered, "score": float(entered["score"])},
            evidence=evidence,
            by=person(request),
            at=timezone.now(),
        )

    if form.is_valid() and saved(form, change, stored=lambda: _score_form(_again(decision))):
        messages.success(request, "The score is stored.")
        return redirect("decision-quality", decision.pk)
    return _page(request, decision, score_form=form)


@login_required
@require_POST
def traffic(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Store the classes of requests and how good their answers must be."""
    decision = access.decision_to_edit(request.user, decision_id)
    form = _traffic_form(decision, data=request.POST)

    def change() -> None:
        quality.set_traffic(
            decision,
            classes=form.classes(),
            by=person(request),
            at=timezone.now(),
            version=form.cleaned_data["version"],
        )

    if form.is_valid() and saved(form, change, stored=lambda: _traffic_form(_again(decision))):
        messages.success(request, "The classes of requests are stored.")
        return redirect("decision-quality", decision.pk)
    return _page(request, decision, traffic_form=form)


@login_required
@require_POST
def remove(request: HttpRequest, decision_id: int, score_id: int) -> HttpResponse:
    """Take a score away, once the person has confirmed it."""
    decision = access.decision_to_edit(request.user, decision_id)
    score = decision.quality_scores.filter(pk=score_id).first()
    if score is None:
        raise Http404
    version = request.POST.get("version", "")
    try:
        at = timezone.now()
        number = int(version) if version.isascii() and version.isdigit() else 0
        quality.remove_score(score, by=person(request), at=at, version=number)
    except drafts.Stale:
        messages.error(request, "Somebody changed this decision since you opened it: look again.")
    else:
        messages.success(request, "The score is removed; the audit trail keeps what it said.")
    return redirect("decision-quality", decision.pk)


@login_required
def evidence(request: HttpRequest, decision_id: int, score_id: int) -> HttpResponse:
    """Return the file behind a score, to be kept and never run."""
    decision = access.decision(request.user, decision_id)
    score = decision.quality_scores.filter(pk=score_id).first()
    if score is None or not score.file:
        raise Http404
    answer = HttpResponse(bytes(score.file), content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = _attachment(score.file_name)
    return answer


def _attachment(name: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-_." else "_" for c in name if c.isascii())
    return f'attachment; filename="{plain or "evidence"}"'


def _page(
    request: HttpRequest,
    decision: Decision,
    *,
    score_form: ScoreForm | None = None,
    traffic_form: TrafficForm | None = None,
) -> HttpResponse:
    scores = list(decision.quality_scores.defer("file"))
    answered = standing.answer(decision)
    bar = _bar(decision)
    shown = score_form or traffic_form
    context = {
        "decision": decision,
        "scores": list(reversed(scores)),
        "answered": answered,
        "rows": _fitness(decision, answered, scores),
        "drift": _drift(answered),
        "bar": bar,
        "classes": _classes(decision),
        "form": shown or VersionlessForm(),
        "score_form": score_form or _score_form(decision),
        "traffic_form": traffic_form or _traffic_form(decision),
        "chart": charts.quality_chart(_tracks(scores), bar=bar, today=timezone.localdate()),
        "formats": [each for each in catalogue.quantizations() if each.quality_loss],
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "quality/show.html", context)


class VersionlessForm:
    """Stands for no form: nothing is wrong on a page that was only opened."""

    errors: dict[str, Any] = {}
    conflicts: tuple[Any, ...] = ()


def _fitness(
    decision: Decision, answered: standing.Answered, scores: list[QualityScore]
) -> list[dict[str, Any]]:
    """Return each option with its newest score and why it is unfit, if it is."""
    newest = {score.option_name: score for score in scores if not score.traffic_class}
    rows = []
    for option in decision.options.all():
        figures = answered.option(option.name) or {}
        rows.append(
            {
                "option": option,
                "score": newest.get(option.name),
                "because": figures.get("unfit_because", []),
                "quantization": option.figures.get("quantization", ""),
            }
        )
    return rows


def _drift(answered: standing.Answered) -> list[str]:
    found = answered.result["mistakes"] if answered.result else []
    return [each["says"] for each in found if each["id"] == "quality-drift"]


def _tracks(scores: list[QualityScore]) -> dict[str, list[tuple[Any, float]]]:
    tracks: dict[str, list[tuple[Any, float]]] = {}
    for score in scores:
        name = score.option_name
        if score.traffic_class:
            name = f"{name}: {score.traffic_class}"
        tracks.setdefault(name, []).append((score.measured_on, score.score))
    return tracks


def _bar(decision: Decision) -> float | None:
    workload = Workload.objects.filter(decision=decision).first()
    return None if workload is None else workload.requirements.get("least_quality")


def _classes(decision: Decision) -> list[dict[str, Any]]:
    workload = Workload.objects.filter(decision=decision).first()
    return [] if workload is None else list(workload.traffic)


def _again(decision: Decision) -> Decision:
    return Decision.objects.select_related("team").get(pk=decision.pk)


def _score_form(decision: Decision, *, data: Any = None, files: Any = None) -> ScoreForm:
    return ScoreForm(
        data,
        files,
        initial={"version": decision.version, "measured_on": timezone.localdate()},
        options=decision.options.values_list("name", flat=True),
        classes=[each["name"] for each in _classes(decision)],
    )


def _traffic_form(decision: Decision, *, data: Any = None) -> TrafficForm:
    start = start_of_traffic(_classes(decision), version=decision.version)
    return TrafficForm(data, initial=start)


urlpatterns = [
    path("decisions/<int:decision_id>/quality/", show, name="decision-quality"),
    path("decisions/<int:decision_id>/quality/classes/", traffic, name="quality-traffic"),
    path(
        "decisions/<int:decision_id>/quality/<int:score_id>/remove/", remove, name="quality-remove"
    ),
    path("decisions/<int:decision_id>/quality/<int:score_id>/file/", evidence, name="quality-file"),
]
