"""What does every request carry: who asks from where, and the reader's time zone?"""

import uuid
import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from decisions import accounts, audit

Answer = Callable[[HttpRequest], HttpResponse]


class AuditContextMiddleware:
    """Keep where a request comes from, for the audit events that it causes."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with its origin noted for the time it takes."""
        origin = audit.Origin(
            signed_in_how=accounts.signed_in_how(request),
            ip_address=request.META.get("REMOTE_ADDR", ""),
            user_agent=request.headers.get("User-Agent", "")[:300],
            request_id=uuid.uuid4().hex,
        )
        with audit.origin(origin):
            return self.get_response(request)


class ReaderTimeZoneMiddleware:
    """Show times in the zone that the reader set; UTC when none or an unknown one is set."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request in the reader's time zone."""
        name = getattr(request.user, "time_zone", "UTC")
        try:
            zone = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = zoneinfo.ZoneInfo("UTC")
        with timezone.override(zone):
            return self.get_response(request)
