"""Is the product alive? For load balancers and monitors; says nothing that is secret."""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.heartbeat import PROCESSES
from jobs.models import Heartbeat


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, worker and scheduler are well, else 503."""
    try:
        seen = dict(Heartbeat.objects.values_list("name", "at"))
    except DatabaseError:
        down = {"database": "down", **dict.fromkeys(PROCESSES, "unknown")}
        return JsonResponse(down, status=503)
    limit = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LATE_AFTER_SECONDS)
    found = {"database": "ok"}
    for name in ("worker", "scheduler"):
        if name not in seen:
            found[name] = "never seen"
        else:
            found[name] = "ok" if seen[name] > limit else "silent"
    is_well = all(state == "ok" for state in found.values())
    return JsonResponse(found, status=200 if is_well else 503)


urlpatterns = [path("healthz", health, name="health")]
