"""Background work: what runs, what waits, what failed and why?"""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from decisions import access, audit
from decisions.views.signed_in import SignedInRequest
from jobs import work
from jobs.models import Job

PER_PAGE = 50
STATES = {
    Job.State.RUNNING: "running",
    Job.State.WAITING: "waiting",
    Job.State.FAILED: "failed",
    Job.State.DONE: "done",
}


@login_required
def list_all(request: SignedInRequest) -> HttpResponse:
    """List the work, newest first; what failed can be started again."""
    visible = Job.objects.filter(access.jobs_visible_to(request.user))
    state = request.GET.get("state", "")
    chosen = visible.filter(state=state) if state in STATES.values() else visible
    page = Paginator(chosen.order_by("-asked_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    counts = dict(visible.order_by().values_list("state").annotate(Count("pk")))
    now = timezone.now()
    context = {
        "page": page,
        "state": state,
        "counts": [(name, counts.get(name, 0)) for name in STATES.values()],
        "failed": counts.get(Job.State.FAILED, 0),
        "is_moving": _moving(visible, now=now).exists(),
        "now": now,
        "may_retry": access.may_retry_jobs(request.user),
    }
    # A part of the page that looks every two seconds asks for nothing else.
    part = getattr(request, "htmx", False)
    return render(request, "work/jobs.html" if part else "work/list.html", context)


def _moving(jobs: QuerySet[Job], *, now: datetime) -> QuerySet[Job]:
    return jobs.filter(Q(state=Job.State.RUNNING) | Q(state=Job.State.WAITING, due_at__lte=now))


@login_required
@require_POST
def retry(request: SignedInRequest, job_id: int) -> HttpResponse:
    """Start failed work again, with all its tries."""
    job = get_object_or_404(Job.objects.filter(access.jobs_retried_by(request.user)), pk=job_id)
    at = timezone.now()
    with transaction.atomic():
        again = work.retry(job.pk, at=at)
        if again:
            audit.write("work started again", by=request.user, at=at, subject=job)
    if again:
        messages.success(request, f"{job.title or job.kind} starts again.")
    else:
        messages.warning(request, "It has not failed, or was started again already.")
    return redirect("work-list")


urlpatterns = [
    path("work/", list_all, name="work-list"),
    path("work/<int:job_id>/retry/", retry, name="work-retry"),
]
