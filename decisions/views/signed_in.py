"""What does a view know of a request once `login_required` has let it through?"""

from django.http import HttpRequest

from decisions.models import User


class SignedInRequest(HttpRequest):
    """A request of a person who is signed in: for annotations only, nothing makes one."""

    user: User
