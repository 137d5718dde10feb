"""Which records were signed, what does each hold, and how does a person take one along?"""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from decisions import (
    access,
    audit,
    keeping,
    madr,
    population,
    quarters,
    records,
    searching,
    standing,
    stores,
)
from decisions.models import Flag, Record, SavedSearch, Snapshot, User
from decisions.rendering import rows
from decisions.views import searching as saved
from decisions.views.signed_in import SignedInRequest
from jobs.models import Job
from pricing import export

PER_PAGE = 50
# The texts and files that no list needs, up to a megabyte a row.
HEAVY = ("record_json", "record__pdf")


@login_required
@require_safe
def list_all(request: SignedInRequest) -> HttpResponse:
    """List the signed records, newest first, filtered; as a file when asked."""
    visible = access.snapshots_of(request.user)
    asked = searching.asked(request.GET, searching.RECORD_FIELDS)
    found = searching.snapshots(visible, asked).order_by("-signed_at", "-pk")
    if form := export.asked_form(request):
        _note_list(request, asked)
        return export.answer(_plain(found), form=form, name="records")
    shown = found.select_related("record").defer(*HEAVY)
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    jobs = _jobs([row.record_id for row in page if _pdf_of(row) is None])
    offered = list(visible.order_by().values_list("team_id_text", "team_name", "period").distinct())
    context = {
        "page": page,
        "found": [(row, _pdf_of(row), jobs.get(row.record_id)) for row in page],
        "teams": sorted({(key, name) for key, name, _ in offered}, key=lambda team: team[1]),
        "periods": sorted({period for _, _, period in offered}, reverse=True),
        "flags": Flag.Kind.choices,
        "held": keeping.held_among([row.record_id for row in page]),
        "population": _population(request, asked),
        **saved.context(request.user, SavedSearch.Page.RECORDS, asked),
    }
    return render(request, "records/list.html", context)


def _population(request: SignedInRequest, asked: searching.Asked) -> dict[str, Any]:
    """Count the reviews of a quarter: the one that is filtered by, else the current one."""
    today = timezone.localdate()
    name = asked.get("period")
    try:
        from_on, until_on = quarters.days_of(name)
    except ValueError:
        name = quarters.names_back(today, count=1)[0]
        from_on, until_on = quarters.days_of(name)
    team = asked.get("team")
    ids = None if access.reads_audit(request.user) else _team_ids(request.user)
    if team.isdecimal() and (ids is None or int(team) in ids):
        ids = [int(team)]
    counts = population.counted(from_on=from_on, until_on=until_on, team_ids=ids, today=today)
    return {"quarter": name, "counts": counts}


def _team_ids(user: User) -> list[int]:
    return list(access.teams_of(user).values_list("pk", flat=True))


def _plain(found: QuerySet[Snapshot]) -> list[dict[str, Any]]:
    names = (
        *("record_id", "team_name", "decision_name", "period", "signed_at", "prepared_by"),
        *("approved_by", "chosen_name", "flag_kinds", "retain_until", "sha256"),
    )
    return list(found.values(*names, pdf_sha256=F("record__pdf_sha256")))


def _note_list(request: SignedInRequest, asked: searching.Asked) -> None:
    if request.method == "GET":
        with transaction.atomic():
            audit.write(
                "list of records downloaded",
                by=request.user,
                at=timezone.now(),
                subject="records",
                after={"asked": dict(asked.values)},
            )


def _jobs(record_ids: Sequence[str]) -> dict[str, Job]:
    if not record_ids:
        return {}
    keys = {f"render:{record_id}": record_id for record_id in record_ids}
    return {keys[job.key]: job for job in Job.objects.filter(key__in=keys)}


def _pdf_of(snapshot: Snapshot) -> Record | None:
    return getattr(snapshot, "record", None)


def _snapshot(request: HttpRequest, record_id: str) -> Snapshot:
    return access.snapshot(request.user, record_id)


@login_required
@require_safe
def detail(request: HttpRequest, record_id: str) -> HttpResponse:
    """Show what a record holds, who prepared and approved it, and how far its PDF is."""
    snapshot = _snapshot(request, record_id)
    held = records.held_by(snapshot)
    result, question = held["result"], held["question"]
    by_name = {option["name"]: option for option in result["options"]}
    context = {
        "snapshot": snapshot,
        "held": held,
        "currency": question["currency"],
        "chosen": by_name.get(question.get("chosen")),
        "best": by_name.get(standing.best_of(result)),
        "options": [by_name[name] for name in result["ranking"]],
        "checklist": [rows.answer(row) for row in held["checklist"]],
        "known_decision": access.decisions_of(request.user)
        .filter(pk=snapshot.decision_id_text)
        .first(),
        "next": _following(request, snapshot),
        "hold": keeping.standing_hold(snapshot.record_id),
        "may_share": access.may_share(request.user, snapshot),
        "may_hold": access.may_hold_records(request.user),
        **_progress_of(request, snapshot),
    }
    return render(request, "records/detail.html", context)


def _following(request: HttpRequest, snapshot: Snapshot) -> Snapshot | None:
    """Return the next record of the same decision, which stands above this one."""
    later = access.snapshots_of(request.user).filter(
        decision_id_text=snapshot.decision_id_text, signed_at__gt=snapshot.signed_at
    )
    return later.defer("record_json").order_by("signed_at").first()


def _progress_of(request: HttpRequest, snapshot: Snapshot) -> dict[str, Any]:
    pdf = Record.objects.filter(snapshot=snapshot).defer("pdf").first()
    job = None if pdf else _jobs([snapshot.record_id]).get(snapshot.record_id)
    return {
        "snapshot": snapshot,
        "pdf": pdf,
        "job": job,
        "is_moving": job is not None and job.state in (Job.State.WAITING, Job.State.RUNNING),
        "may_retry": access.may_retry_jobs(request.user),
    }


@login_required
@require_safe
def progress(request: HttpRequest, record_id: str) -> HttpResponse:
    """Show how far the PDF is: a part of a page, which asks again each second until it is there."""
    snapshot = _snapshot(request, record_id)
    return render(request, "records/progress.html", _progress_of(request, snapshot))


@login_required
@require_safe
def download(request: HttpRequest, record_id: str) -> HttpResponse:
    """Give the PDF as it was stored, and note who took it. Without one, say how far it is."""
    snapshot = _snapshot(request, record_id)
    pdf = Record.objects.filter(snapshot=snapshot).first()
    if pdf is None:
        return redirect("record-detail", snapshot.record_id)
    try:
        body = records.pdf_of(pdf)
    except stores.Unreadable as wrong:
        messages.error(request, str(wrong))
        return redirect("record-detail", snapshot.record_id)
    _note(request, snapshot, file="pdf", sha256=pdf.pdf_sha256)
    return _attachment(snapshot, body, ending="pdf", kind="application/pdf")


@login_required
@require_safe
def as_json(request: HttpRequest, record_id: str) -> HttpResponse:
    """Give the frozen record itself, and note who took it."""
    snapshot = _snapshot(request, record_id)
    _note(request, snapshot, file="json", sha256=snapshot.sha256)
    body = snapshot.record_json.encode()
    return _attachment(snapshot, body, ending="json", kind="application/json")


@login_required
@require_safe
def as_markdown(request: HttpRequest, record_id: str) -> HttpResponse:
    """Give the record as a Markdown decision record, and note who took it."""
    snapshot = _snapshot(request, record_id)
    _note(request, snapshot, file="md", sha256=snapshot.sha256)
    body = madr.write(records.held_by(snapshot), status="accepted").encode()
    return _attachment(snapshot, body, ending="md", kind="text/markdown; charset=utf-8")


def _note(request: HttpRequest, snapshot: Snapshot, *, file: str, sha256: str) -> None:
    by = request.user
    if request.method != "GET" or not isinstance(by, User):
        return
    with transaction.atomic():
        audit.write(
            "record downloaded",
            by=by,
            at=timezone.now(),
            subject=snapshot,
            team=snapshot.team_name,
            after={"file": file, "record_id": snapshot.record_id, "sha256": sha256},
        )


def _attachment(snapshot: Snapshot, body: bytes, *, ending: str, kind: str) -> HttpResponse:
    # Letters and digits only, so that no header can be made of a decision's name.
    name = "-".join(filter(None, (snapshot.record_id, slugify(snapshot.decision_name)[:60])))
    answer = HttpResponse(body, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    answer["Content-Length"] = str(len(body))
    answer["Cache-Control"] = "private, no-store"
    return answer


urlpatterns = [
    path("records/", list_all, name="record-list"),
    path("records/<str:record_id>/", detail, name="record-detail"),
    path("records/<str:record_id>/progress/", progress, name="record-progress"),
    path("records/<str:record_id>/pdf/", download, name="record-download"),
    path("records/<str:record_id>/json/", as_json, name="record-json"),
    path("records/<str:record_id>/markdown/", as_markdown, name="record-markdown"),
]
