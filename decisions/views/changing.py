"""How does a page make a change, and show on its form why the change was not made?"""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest

from decisions import drafts
from decisions.forms.base import VersionedForm
from decisions.models import User


def saved(
    form: VersionedForm, change: Callable[[], object], *, stored: Callable[[], VersionedForm]
) -> bool:
    """Make the change, whole or not at all; put a refusal on the form and return False.

    When somebody else was faster the form keeps what was typed, shows where that differs from
    the form that `stored` builds of what is stored now, and may then be saved over it.
    """
    try:
        with transaction.atomic():
            change()
    except drafts.Refused as refusal:
        form.refuse(refusal.field, refusal.says)
    except drafts.Stale as stale:
        form.reopen(stored=stored())
        form.refuse("", str(stale))
    else:
        return True
    return False


def person(request: HttpRequest) -> User:
    """Return who is signed in. Only for pages that nobody else reaches."""
    if not isinstance(request.user, User):
        raise TypeError("a page without @login_required asked who is signed in")
    return request.user
