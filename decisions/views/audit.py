"""How does the audit trail leave the product, for people who check it elsewhere?"""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import StreamingHttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_safe

from decisions import access, audit
from decisions.views.signed_in import SignedInRequest


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


urlpatterns = [path("audit/export/", export, name="audit-export")]
