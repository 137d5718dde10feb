"""What does a reader see when the product cannot answer?"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

RETRY_AFTER_SECONDS = "30"


def server_error(request: HttpRequest) -> HttpResponse:
    """Say what broke: 503 with the reason when it is the database, 500 for what is our fault."""
    error = sys.exc_info()[1]
    # Without what every page shows: that would ask the database.
    if not isinstance(error, OperationalError | InterfaceError):
        return HttpResponse(render_to_string("500.html"), status=500)
    text = render_to_string("503.html", {"says": _reason(error)})
    return HttpResponse(text, status=503, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _reason(error: Exception) -> str:
    # The same faults in the words of SQLite and of PostgreSQL.
    text = str(error).lower()
    if "disk is full" in text or "no space left" in text:
        return "The disk of the database is full. Whoever runs this installation has to make room."
    if "locked" in text or "lock timeout" in text:
        return "The database was too busy."
    if "readonly" in text or "read-only" in text:
        return "The database can only be read at the moment."
    return "The database does not answer at the moment."
