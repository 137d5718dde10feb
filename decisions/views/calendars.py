"""The calendar that a program fetches, without signing in, by a secret address."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from decisions import calendars


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Answer with due reviews as iCalendar; 304 when nothing changed since the last time."""
    at = timezone.now()
    found = calendars.find(secret, at=at)
    if found is None:
        raise Http404
    body = calendars.write(found, at=at)
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer["Cache-Control"] = "private, max-age=300"
    answer["Content-Disposition"] = 'inline; filename="reviews.ics"'
    unchanged = get_conditional_response(request, etag=answer["ETag"], response=answer)
    return unchanged or answer


urlpatterns = [path("calendar/<str:secret>.ics", feed, name="calendar-feed")]
