"""What does the team really use, read from a file, and what of it goes into the workload?"""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from decisions import access, drafts, usage_files
from decisions.forms.usage import MappingForm, UploadForm
from decisions.models import Decision, UsageFile, Workload
from decisions.usage import layouts
from decisions.usage_files import PEAKS
from decisions.views.signed_in import SignedInRequest
from jobs.models import Job

LABELS = {
    "input_tokens_per_month": "Input tokens per month",
    "output_tokens_per_month": "Output tokens per month",
    "cached_input_share": "Cached input",
    "batch_share": "Batch work",
    "mean_input_tokens": "Input tokens per request",
    "mean_output_tokens": "Output tokens per request",
    "growth_per_month": "Growth per month",
}
SHARES = {"cached_input_share", "batch_share", "growth_per_month"}


@login_required
def list_all(request: SignedInRequest, decision_id: int) -> HttpResponse:
    """List the files of a decision, and take another one."""
    if request.method == "POST":
        return _take(request, access.decision_to_edit(request.user, decision_id))
    return _list(request, access.decision(request.user, decision_id), UploadForm())


def _take(request: SignedInRequest, decision: Decision) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = usage_files.take(decision, file=file, by=request.user, at=timezone.now())
        except usage_files.Refused as refusal:
            form.add_error("file", refusal.says)
        else:
            return redirect("usage-detail", decision.pk, taken.pk)
    return _list(request, decision, form)


def _list(request: SignedInRequest, decision: Decision, form: UploadForm) -> HttpResponse:
    context = {
        "decision": decision,
        "form": form,
        "files": decision.usage_files.all()[:100],
        "layouts": layouts.LAYOUTS,
        "most_mb": settings.USAGE_UPLOAD_MOST_MB,
        "may_edit": access.may_edit(request.user, decision.team),
    }
    return render(request, "usage/list.html", context)


@login_required
def detail(request: SignedInRequest, decision_id: int, usage_file_id: int) -> HttpResponse:
    """Ask which column means what, show how far the reading is, then what was found."""
    if request.method == "POST":
        usage_file = access.usage_file_to_edit(request.user, decision_id, usage_file_id)
    else:
        usage_file = access.usage_file(request.user, decision_id, usage_file_id)
    if usage_file.state == UsageFile.State.MAPPING:
        return _mapping(request, usage_file)
    return render(request, "usage/detail.html", _context(request, usage_file))


def _context(request: SignedInRequest, usage_file: UsageFile) -> dict[str, Any]:
    known = Workload.objects.filter(decision=usage_file.decision_id).first()
    job = Job.objects.filter(key=f"usage:{usage_file.pk}").first()
    return {
        "decision": usage_file.decision,
        "file": usage_file,
        "found": usage_file.found,
        "currency": usage_file.mapping.get("currency", ""),
        "layout": layouts.layout(usage_file.layout),
        "proposed": [
            {**each, "label": LABELS[each["name"]], "is_share": each["name"] in SHARES}
            for each in usage_files.proposed(usage_file)
        ],
        "known": known,
        "busiest_of_week": _busiest(usage_file),
        "job": job,
        "is_moving": usage_file.state == UsageFile.State.READING,
        "may_edit": access.may_edit(request.user, usage_file.decision.team),
    }


def _busiest(usage_file: UsageFile) -> float | None:
    week = (usage_file.found or {}).get("week")
    return max(week) * len(week) / sum(week) if week and sum(week) else None


def _mapping(request: SignedInRequest, usage_file: UsageFile) -> HttpResponse:
    known = layouts.layout(usage_file.layout)
    stored = usage_file.mapping
    is_fixed = bool(stored.get("about"))
    form = MappingForm(
        request.POST or None, columns=usage_file.columns["names"], initial=dict(stored)
    )
    mapping = layouts.mapping_of(stored) if stored else None
    if request.method == "POST" and (is_fixed or form.is_valid()):
        mapping = mapping if is_fixed else form.mapping()
        if "preview" not in request.POST and mapping is not None:
            return _start(request, usage_file, mapping)
    rows, problem = [], ""
    if mapping is not None:
        try:
            rows = usage_files.first_rows(usage_file, mapping)
        except usage_files.Refused as refusal:
            problem = refusal.says
    context = {
        **_context(request, usage_file),
        "form": form,
        "known_layout": known,
        "is_fixed": is_fixed,
        "columns": mapping.columns if mapping else [],
        "rows": [[row.get(c, "") for c in mapping.columns] for row in rows] if mapping else [],
        "problem": problem,
    }
    return render(request, "usage/mapping.html", context)


def _start(
    request: SignedInRequest, usage_file: UsageFile, mapping: layouts.Mapping
) -> HttpResponse:
    try:
        usage_files.start(usage_file, mapping=mapping, by=request.user, at=timezone.now())
    except usage_files.Refused as refusal:
        messages.error(request, refusal.says)
    return redirect("usage-detail", usage_file.decision_id, usage_file.pk)


@login_required
@require_safe
def progress(request: SignedInRequest, decision_id: int, usage_file_id: int) -> HttpResponse:
    """Show how far the reading is: a part of a page, which asks again until it is done."""
    usage_file = access.usage_file(request.user, decision_id, usage_file_id)
    answer = render(request, "usage/progress.html", _context(request, usage_file))
    if usage_file.state != UsageFile.State.READING:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_POST
def apply(request: SignedInRequest, decision_id: int, usage_file_id: int) -> HttpResponse:
    """Fill the workload with the figures that were ticked."""
    usage_file = access.usage_file_to_edit(request.user, decision_id, usage_file_id)
    given, peak = request.POST.get("version", ""), request.POST.get("peak", "keep")
    try:
        usage_files.apply(
            usage_file,
            names=request.POST.getlist("take"),
            peak=peak if peak in PEAKS else "keep",
            by=request.user,
            at=timezone.now(),
            version=int(given[:9]) if given.isdecimal() else 0,
        )
    except usage_files.Refused as refusal:
        messages.error(request, refusal.says)
    except drafts.Stale as stale:
        messages.error(request, f"{stale} Nothing was changed.")
    else:
        messages.success(request, "The workload is filled from the file.")
        return redirect("decision-workload", decision_id)
    return redirect("usage-detail", decision_id, usage_file_id)


@login_required
def delete(request: SignedInRequest, decision_id: int, usage_file_id: int) -> HttpResponse:
    """Ask whether a file should be forgotten, and forget it."""
    usage_file = access.usage_file_to_edit(request.user, decision_id, usage_file_id)
    if request.method != "POST":
        context = {"decision": usage_file.decision, "file": usage_file}
        return render(request, "usage/delete.html", context)
    usage_files.delete(usage_file, by=request.user, at=timezone.now())
    messages.success(request, "The file and its sums are forgotten.")
    return redirect("decision-usage", decision_id)


_ALL = "decisions/<int:decision_id>/usage/"
_ONE = f"{_ALL}<int:usage_file_id>/"
urlpatterns = [
    path(_ALL, list_all, name="decision-usage"),
    path(_ONE, detail, name="usage-detail"),
    path(f"{_ONE}progress/", progress, name="usage-progress"),
    path(f"{_ONE}apply/", apply, name="usage-apply"),
    path(f"{_ONE}delete/", delete, name="usage-delete"),
]
