"""How does the audit trail leave the product, for people who check it elsewhere?"""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from decisions import access, audit, searching
from decisions.models import SavedSearch
from decisions.views import searching as saved
from decisions.views.signed_in import SignedInRequest
from pricing import export as files

PER_PAGE = 50


@login_required
@require_safe
def export(request: SignedInRequest) -> StreamingHttpResponse:
    """Give every event as a line of JSON, and note who took them. Organisation-wide roles only."""
    access.audit_events_of(request.user)
    if request.method == "GET":
        with transaction.atomic():
            audit.write(
                "audit trail downloaded",
                by=request.user,
                at=timezone.now(),
                subject="audit trail",
            )
    answer = StreamingHttpResponse(audit.lines(), content_type="application/x-ndjson")
    answer["Content-Disposition"] = 'attachment; filename="audit-trail.jsonl"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@login_required
@require_safe
def list_all(request: SignedInRequest) -> HttpResponse:
    """List the events, newest first, filtered; as a file when asked. Organisation-wide roles only."""
    visible = access.audit_events_of(request.user)
    asked = searching.asked(request.GET, searching.EVENT_FIELDS)
    found = searching.events(visible, asked)
    if form := files.asked_form(request):
        _note(request, "audit events downloaded", asked)
        rows = found.order_by("position").values(*audit.FIELDS, "sha256")
        return files.answer(list(rows), form=form, name="audit-events")
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "kinds": visible.order_by("what").values_list("what", flat=True).distinct(),
        "teams": visible.exclude(team="")
        .order_by("team")
        .values_list("team", flat=True)
        .distinct(),
        **saved.context(request.user, SavedSearch.Page.AUDIT, asked),
    }
    return render(request, "audit/list.html", context)


def _note(request: SignedInRequest, what: str, asked: searching.Asked) -> None:
    if request.method == "GET":
        with transaction.atomic():
            audit.write(
                what,
                by=request.user,
                at=timezone.now(),
                subject="audit trail",
                after={"asked": dict(asked.values)},
            )


urlpatterns = [
    path("audit/", list_all, name="audit-list"),
    path("audit/export/", export, name="audit-export"),
]
