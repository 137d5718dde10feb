"""How does an auditor take all evidence of a period along?"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from decisions import access, packs
from decisions.forms.packs import PackForm
from decisions.models import Pack
from decisions.views.signed_in import SignedInRequest
from jobs.models import Job

PER_PAGE = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def list_all(request: SignedInRequest) -> HttpResponse:
    """List the packs that the person may take, and ask for another one."""
    at = timezone.now()
    form = PackForm(request.POST or None, teams=access.teams_of(request.user), today=at.date())
    if request.method == "POST" and form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("from_on", "until_on", "team")}
        pack = packs.ask(**asked, by=request.user, at=at)
        return redirect("pack-detail", pack.pk)
    found = access.packs_of(request.user).defer("zip")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "packs/list.html", {"form": form, "page": page})


@login_required
@require_safe
def detail(request: HttpRequest, pack_id: int) -> HttpResponse:
    """Show what a pack holds and how far it is."""
    return render(request, "packs/detail.html", _shown(request, pack_id))


@login_required
@require_safe
def progress(request: HttpRequest, pack_id: int) -> HttpResponse:
    """Show how far the pack is: a part of a page, which asks again each second until it is there."""
    return render(request, "packs/progress.html", _shown(request, pack_id))


def _shown(request: HttpRequest, pack_id: int) -> dict[str, Any]:
    pack = access.pack(request.user, pack_id)
    job = Job.objects.filter(key=pack.job_key).first()
    moving = job is not None and job.state in (Job.State.WAITING, Job.State.RUNNING)
    return {
        "pack": pack,
        "job": job,
        "is_moving": moving and not pack.made_at,
        "may_share": access.may_share_packs(request.user),
    }


@login_required
@require_safe
def download(request: SignedInRequest, pack_id: int) -> HttpResponse:
    """Give the ZIP as it was stored, and note who took it. Before that, say how far it is."""
    pack = access.pack(request.user, pack_id)
    if pack.made_at is None:
        return redirect("pack-detail", pack.pk)
    if request.method == "GET":
        packs.note_download(pack, by=request.user, at=timezone.now())
    return as_file(pack)


def as_file(pack: Pack) -> HttpResponse:
    """Return the stored ZIP of a pack as a download."""
    answer = HttpResponse(bytes(pack.zip), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{pack.file_name}"'
    answer["Content-Length"] = str(pack.size_bytes)
    answer["Cache-Control"] = "private, no-store"
    return answer


urlpatterns = [
    path("packs/", list_all, name="pack-list"),
    path("packs/<int:pack_id>/", detail, name="pack-detail"),
    path("packs/<int:pack_id>/progress/", progress, name="pack-progress"),
    path("packs/<int:pack_id>/download/", download, name="pack-download"),
]
