"""Is the person at the screen the one who signed in? Asked again at the moment of a signature."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.auth import authenticate
from django.http import HttpRequest

from decisions.models import Approval, User
from decisions.views.changing import person


def how(request: HttpRequest, *, password: str, credential: Any) -> Approval.How | None:
    """Return with what the person confirmed who they are; None when that failed.

    The password is checked the way sign-in does, so that wrong ones count against guessing too.
    """
    if credential:
        return Approval.How.PASSKEY if _is_own_passkey(request, credential) else None
    return Approval.How.PASSWORD if _is_own_password(request, password) else None


def _is_own_password(request: HttpRequest, password: str) -> bool:
    email = person(request).email
    user = authenticate(request, login=email, email=email, password=password)
    return user is not None and bool(user.pk == request.user.pk)


def _is_own_passkey(request: HttpRequest, credential: Any) -> bool:
    """Check the passkey's answer to the question of this session; each question is asked once."""
    form = ReauthenticateWebAuthnForm({"credential": json.dumps(credential)}, user=person(request))
    return bool(form.is_valid())


def has_passkey(user: User) -> bool:
    """Return whether the person can sign with a passkey."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return bool(found.exists())


def passkey_options(user: User) -> dict[str, Any]:
    """Return what the browser asks the person's passkeys, and remember the question."""
    return dict(webauthn.begin_authentication(user))
