"""How is something kept that the product has to use, and nobody has to read again?

Encrypted with a key made from SECRET_KEY (Fernet: AES-CBC and HMAC). SECRET_KEY_FALLBACKS are tried too.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class Unreadable(Exception):
    """What was sealed with a SECRET_KEY that is gone."""


def seal(text: str) -> str:
    """Return the text encrypted.

    >>> seal("https://example.com/token") != seal("https://example.com/token")
    True
    """
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed; raise `Unreadable` when no key fits.

    >>> unseal(seal("https://example.com/token"))
    'https://example.com/token'
    """
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable(
            "SECRET_KEY changed since this was stored: it has to be entered again."
        ) from None


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(key: str) -> bytes:
    return salted_hmac("breakeven.sealing", "", secret=key, algorithm="sha256").digest()
