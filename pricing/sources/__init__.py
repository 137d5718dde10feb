"""Which sources of prices exist? Each is one file of this folder, found by looking in it.

A source has a NAME, a TITLE for people, `fetch(client, url, at) -> Fetched`, the only code that asks
the network, and `read(body, *, at) -> Reading`, which is pure. DEFAULT_URL is None for a source that
lies inside the product; IS_ON says whether it is pulled without being asked for. One that has a copy
inside the product returns it from `bundled(at)`; one that gives exchange rates says GIVES = "rates".
One that lies elsewhere too has a MIRROR_URL. One whose answers often differ without another price has `digest(body)`: the same text for the same
prices, whatever their order and whatever else the answer says.

A source with CLOUDS has one file per cloud: each is a source of its own, "skypilot:lambda", so that
one that fails delays no other. Its address holds {cloud}, and its `read` takes the cloud.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.conf import settings

from pricing.sources.client import Client

NOT_SOURCES = {"client", "machines", "parse"}


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
    digest: Callable[[bytes], str] | None = None
    default_mirror_url: str = ""

    @property
    def url(self) -> str:
        """Return the address to ask: the setting's, else the source's own."""
        name = self.name.partition(":")[0]
        return self._of_cloud(settings.PRICE_SOURCE_URLS.get(name, self.default_url or ""))

    @property
    def mirror_url(self) -> str:
        """Return the address to ask when the first gives no good answer, "" where there is none.

        The setting's, PRICE_SOURCE_<NAME>_MIRROR_URL; else the source's own, unless a setting moved
        the source itself.
        """
        name = self.name.partition(":")[0]
        own = "" if name in settings.PRICE_SOURCE_URLS else self.default_mirror_url
        return self._of_cloud(settings.PRICE_SOURCE_URLS.get(f"{name}_mirror", own))

    def _of_cloud(self, address: str) -> str:
        return address.replace("{cloud}", self.name.partition(":")[2])


@cache
def modules() -> dict[str, Any]:
    """Return the file of every source, by the source's name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in NOT_SOURCES)
    files = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {file.NAME: file for file in files}


@cache
def found() -> dict[str, Source]:
    """Return every source by name, those with clouds once for each of their usual clouds."""
    return {name: get(name) for file in modules().values() for name in names_of(file.NAME)}


def names_of(name: str) -> list[str]:
    """Return the sources behind a file's name: itself, or one for each of its clouds."""
    clouds = getattr(modules()[name], "CLOUDS", ())
    return [f"{name}:{cloud}" for cloud in clouds] or [name]


def get(name: str) -> Source:
    """Return a source by name; any cloud of a source with clouds. Raises KeyError."""
    base, _, cloud = name.partition(":")
    file = modules()[base]
    if bool(cloud) != hasattr(file, "CLOUDS") or not re.fullmatch(r"[a-z0-9_-]{0,40}", cloud):
        raise KeyError(name)
    return Source(
        name=name,
        title=f"{file.TITLE}, {cloud}" if cloud else file.TITLE,
        default_url=file.DEFAULT_URL,
        is_on=file.IS_ON,
        fetch=file.fetch,
        read=partial(file.read, cloud=cloud) if cloud else file.read,
        bundled=getattr(file, "bundled", None),
        gives=getattr(file, "GIVES", "prices"),
        digest=getattr(file, "digest", None),
        default_mirror_url=getattr(file, "MIRROR_URL", ""),
    )


def scheduled() -> list[Source]:
    """Return the sources that are pulled every day: those on, less those switched off."""
    off = set(settings.PRICE_SOURCES_OFF)
    return [s for s in found().values() if s.is_on and not off & {s.name, s.name.partition(":")[0]}]
