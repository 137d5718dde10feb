"""Where does a person's judgement of prices go into the audit trail?

The trail is the module that PRICE_AUDIT names: the price book knows only how to tell it.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings


def write(
    what: str,
    *,
    by: str,
    at: datetime,
    subject: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append an event to the trail, in the caller's transaction."""
    trail = import_module(settings.PRICE_AUDIT)
    trail.write(what, by=by, at=at, subject=subject, before=before, after=after)
