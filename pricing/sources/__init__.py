"""Which sources of prices exist? Each is one file of this folder, found by looking in it.

A source has a NAME, a TITLE for people, `fetch(client, url, at) -> Fetched`, the only code that asks
the network, and `read(body, *, at) -> Reading`, which is pure. DEFAULT_URL is None for a source that
lies inside the product; IS_ON says whether it is pulled without being asked for. One that has a copy
inside the product returns it from `bundled(at)`; one that gives exchange rates says GIVES = "rates".
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from pricing.sources.client import Client

NOT_SOURCES = {"client", "parse"}


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A raw answer and what is known about it.

    `as_of` is the day that the answer speaks for, None for now. `revision` is the source's own
    version, "" to use a hash of the body. `note` says what went differently than hoped.
    """

    body: bytes
    url: str
    revision: str = ""
    as_of: datetime | None = None
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source, as its file describes it."""

    name: str
    title: str
    default_url: str | None
    is_on: bool
    fetch: Callable[[Client, str, datetime], Fetched]
    read: Callable[..., Any]
    bundled: Callable[[datetime], Fetched] | None = None
    gives: str = "prices"

    @property
    def url(self) -> str:
        """Return the address to ask: the setting's, else the source's own."""
        return str(settings.PRICE_SOURCE_URLS.get(self.name, self.default_url or ""))


@cache
def found() -> dict[str, Source]:
    """Return every source by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in NOT_SOURCES)
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {module.NAME: _described(module) for module in modules}


def scheduled() -> list[Source]:
    """Return the sources that are pulled every day: those on, less those switched off."""
    off = set(settings.PRICE_SOURCES_OFF)
    return [s for s in found().values() if s.is_on and s.name not in off]


def _described(module: Any) -> Source:
    return Source(
        name=module.NAME,
        title=module.TITLE,
        default_url=module.DEFAULT_URL,
        is_on=module.IS_ON,
        fetch=module.fetch,
        read=module.read,
        bundled=getattr(module, "bundled", None),
        gives=getattr(module, "GIVES", "prices"),
    )
