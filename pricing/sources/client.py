"""How is a price source asked politely, and how is a bad answer kept from doing harm?

Every request has a deadline for the whole of it, a cap on what it unpacks to, and no way to be sent
to an address inside the network that it was not configured with.
"""

import random
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from pricing.connections import Guarded, Unsafe

CONNECT_SECONDS = 5
# Two of thirty seconds are left for reading and storing what came.
DEADLINE_SECONDS = 28.0
LARGEST_BYTES = 20_000_000
TRIES = 3
MOST_REDIRECTS = 3
WORTH_ANOTHER_TRY = {429, 500, 502, 503, 504}
CHUNK_BYTES = 65_536
USER_AGENT = "Breakeven price book (conditional requests, once a day)"


# What a list of prices may be sent as. Servers that know nothing say text/plain or octet-stream.
_TYPES = re.compile(
    r"(text/(plain|csv|xml|x-.+|tab-separated-values|comma-separated-values)"
    r"|(application|binary)/(json|.+\+json|xml|.+\+xml|csv|zip|x-zip.*|gzip|x-gzip|octet-stream"
    r"|force-download|vnd\.ms-excel))"
)
_GZIP = b"\x1f\x8b"


class NoAnswer(Exception):
    """The source could not be asked, or gave no usable answer; the text says why to a person."""


class NoNetwork(NoAnswer):
    """Nobody could be reached: nothing is wrong with the source."""


class NotModified(Exception):
    """The source says that nothing changed since the validators that were sent."""


class Answer(NamedTuple):
    """What a source sent. `validators` go with the next request to the same address."""

    body: bytes
    url: str
    validators: dict[str, str]


class Client:
    """Asks one source once. `validators` are those of earlier answers, by address.

    All answers of a client together unpack to `largest_bytes` at most.
    """

    def __init__(
        self,
        *,
        validators: dict[str, dict[str, str]] | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        largest_bytes: int = LARGEST_BYTES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.validators = validators or {}
        self.deadline_seconds = deadline_seconds
        self._until = time.monotonic() + deadline_seconds
        self.largest_bytes = largest_bytes
        self._sleep = sleep

    def get(self, url: str, *, seconds: float = DEADLINE_SECONDS) -> Answer:
        """Return the answer of an address that the settings or a source's own file name.

        Raises NotModified, or NoAnswer after three tries. All requests of a client together keep its
        deadline; `seconds` keeps some of it for what comes after.
        """
        until = min(self._until, time.monotonic() + seconds)
        _place(url)
        for attempt in range(1, TRIES + 1):
            try:
                return self._follow(url, until)
            except _TryAgain as trouble:
                wait = trouble.wait_seconds or 2**attempt * random.uniform(0.5, 1.0)  # noqa: S311
                if attempt == TRIES or time.monotonic() + wait > until:
                    kind = NoNetwork if str(trouble).startswith(_NOBODY) else NoAnswer
                    raise kind(f"{urlsplit(url).netloc}: {trouble}") from trouble
                self._sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")

    def _follow(self, url: str, until: float) -> Answer:
        scheme = urlsplit(url).scheme
        here = url
        for hop in range(MOST_REDIRECTS + 1):
            with self._asked(here, until, is_redirect=hop > 0, first=url) as response:
                target = response.headers.get("Location")
                if not (response.is_redirect and target):
                    return self._answer(response, url, until)
            here = _place(target, base=here)
            if urlsplit(here).scheme not in {"https", scheme}:
                raise NoAnswer(f"{urlsplit(url).netloc} redirects to {here}, which is not https")
        raise NoAnswer(f"{urlsplit(url).netloc} redirects more than {MOST_REDIRECTS} times")

    @contextmanager
    def _asked(
        self, url: str, until: float, *, is_redirect: bool, first: str
    ) -> Iterator[requests.Response]:
        seconds = max(0.1, until - time.monotonic())
        adapter = Guarded(public_only=is_redirect)
        # A server that drips its headers satisfies every socket time-out; only this ends it.
        watchdog = threading.Timer(seconds, adapter.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            with requests.Session() as session:
                session.mount("http://", adapter)
                session.mount("https://", adapter)
                yield session.get(
                    url,
                    headers=self._headers(first),
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    stream=True,
                    allow_redirects=False,
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._trouble(error, first, until) from error
        except ValueError as error:
            # The library looks at where a redirect leads even when it is not to follow it.
            raise NoAnswer(f"{urlsplit(first).netloc} leads to no address: {error}") from error
        finally:
            watchdog.cancel()

    def _trouble(self, error: Exception, url: str, until: float) -> Exception:
        """Return what to raise: worth another try, or not."""
        if time.monotonic() >= until:
            return NoAnswer(
                f"{urlsplit(url).netloc} did not finish within {self.deadline_seconds:g} s"
            )
        if (unsafe := cause(error, Unsafe)) is not None:
            return NoAnswer(f"{urlsplit(url).netloc}: {unsafe}")
        if isinstance(error, urllib3.exceptions.DecodeError):
            return NoAnswer(f"{urlsplit(url).netloc}: its answer cannot be unpacked")
        if (there := cause(error, urllib3.exceptions.NewConnectionError)) is not None:
            # Nobody listens, or the name leads nowhere: seconds later that is no better.
            return NoNetwork(f"{urlsplit(url).netloc}: {_NOBODY} ({type(there).__name__})")
        if isinstance(error, _NEVER_BETTER):
            return NoAnswer(f"{url} is no address that can be asked: {error}")
        return _TryAgain(_in_words(error))

    def _headers(self, url: str) -> dict[str, str]:
        known = self.validators.get(url, {})
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        if "etag" in known:
            headers["If-None-Match"] = known["etag"]
        if "last_modified" in known:
            headers["If-Modified-Since"] = known["last_modified"]
        return headers

    def _answer(self, response: requests.Response, url: str, until: float) -> Answer:
        if response.status_code == requests.codes.not_modified:
            raise NotModified
        if response.status_code in WORTH_ANOTHER_TRY:
            raise _TryAgain(f"it answered {response.status_code}", _retry_after(response))
        if response.status_code != requests.codes.ok:
            raise NoAnswer(f"{urlsplit(url).netloc} answered {response.status_code}")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind and not _TYPES.fullmatch(kind):
            raise NoAnswer(f"{urlsplit(url).netloc} sent {kind[:60]}, which is no list of prices")
        found = {
            "etag": response.headers.get("ETag"),
            "last_modified": response.headers.get("Last-Modified"),
        }
        body = self._unpacked(self._read(response.raw, until))
        self.largest_bytes -= len(body)
        return Answer(body=body, url=url, validators={k: v for k, v in found.items() if v})

    def _read(self, raw: urllib3.HTTPResponse, until: float) -> bytes:
        """Read what arrives, piece by piece: a slow or an endless answer ends at deadline or cap."""
        parts: list[bytes] = []
        size = 0
        while part := raw.read1(CHUNK_BYTES, decode_content=True):
            parts.append(part)
            size += len(part)
            self._refuse_larger(size)
            self._keep(until)
        # The watchdog's cut looks like an end; only the clock tells them apart.
        self._keep(until)
        return b"".join(parts)

    def _unpacked(self, body: bytes) -> bytes:
        """Return what a file that is itself gzipped holds; any other body as it is."""
        if not body.startswith(_GZIP):
            return body
        unpacker = zlib.decompressobj(wbits=31)
        try:
            found = unpacker.decompress(body, self.largest_bytes + 1)
        except zlib.error as error:
            raise NoAnswer("its answer cannot be unpacked") from error
        self._refuse_larger(len(found))
        if not unpacker.eof:
            raise NoAnswer("its answer cannot be unpacked: it ends too early")
        return found

    def _refuse_larger(self, size: int) -> None:
        if size > self.largest_bytes:
            raise NoAnswer(f"its answer is larger than {LARGEST_BYTES // 1_000_000} MB")

    def _keep(self, until: float) -> None:
        if time.monotonic() >= until:
            raise NoAnswer(f"it did not finish within {self.deadline_seconds:g} s")


def _place(url: str, *, base: str = "") -> str:
    """Return an address whole, or raise NoAnswer for one that cannot be read."""
    try:
        whole = urljoin(base, url)
        _ = urlsplit(whole).port
    except ValueError as error:
        raise NoAnswer(f"{url[:80]!r} is no address that can be asked: {error}") from error
    return whole


_NOBODY = "no connection"


class _TryAgain(Exception):
    def __init__(self, says: str, wait_seconds: float | None = None) -> None:
        super().__init__(says)
        self.wait_seconds = wait_seconds


_NEVER_BETTER = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


def cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Return the error of this kind that is inside the error, None when there is none."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None or isinstance(seen, kind):
            return seen
        inner = [
            a for a in (*seen.args, getattr(seen, "reason", None)) if isinstance(a, BaseException)
        ]
        seen = inner[0] if inner else seen.__cause__ or seen.__context__
    return None


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return f"{_NOBODY} within {CONNECT_SECONDS} s"
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "it did not answer in time"
    return _NOBODY if isinstance(error, requests.ConnectionError) else str(error)


def _retry_after(response: requests.Response) -> float | None:
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
