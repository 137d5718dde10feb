"""How does a source's answer get into the price book, whole or not at all?

A pull is a piece of background work: the network first, then one transaction that appends what
changed. The command line, the schedule and the page's button all go through here.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Q
from django.utils import timezone

from jobs import work
from jobs.models import Job
from pricing import book, sources, store
from pricing.models import BUNDLED, NO_NETWORK, SourceHealth
from pricing.report import Report
from pricing.sources import Fetched, Source
from pricing.sources.client import DEADLINE_SECONDS, Client, NoAnswer, NoNetwork, NotModified
from pricing.things import BadAnswer

KIND = "pull_prices"
LEASE = timedelta(minutes=3)
WAIT_SECONDS = 120.0
Writer = Callable[[], Report]
# An answer that somebody chose: neither a mirror nor the copy inside the product stands in for it.
_OF_THE_PAST = frozenset({"saved", "seen_at", "address"})
# Answers that this process was handed, by the key of the job that reads them.
_saved: dict[str, bytes] = {}


def pull(
    source: str,
    *,
    at: datetime,
    by: str = "",
    body: bytes | None = None,
    seen_at: datetime | None = None,
    address: str = "",
    bundled: bool = False,
) -> Report:
    """Pull a source now and return what came of it.

    `body` is an answer that was saved before, `seen_at` the day for which it speaks. `address` is
    asked once in place of the source's own. `bundled` reads the copy inside the product. A failure is a report with its `error`; what was accepted stays.
    """
    key = f"{KIND}:{source}:{timezone.now().isoformat()}"
    if body is not None:
        _saved[key] = body
    try:
        job = ask(
            source,
            at=at,
            key=key,
            by=by,
            seen_at=seen_at,
            address=address,
            bundled=bundled,
            is_saved=body is not None,
        )
        if not work.perform(job.pk):
            _wait_for(job)
    finally:
        _saved.pop(key, None)
    job.refresh_from_db()
    if job.result is not None:
        return Report(**job.result)
    return Report(source=source, error=job.error or "the pull did not finish in time")


def ask(
    source: str,
    *,
    at: datetime,
    key: str,
    by: str = "",
    seen_at: datetime | None = None,
    address: str = "",
    bundled: bool = False,
    is_saved: bool = False,
) -> Job:
    """Ask for a pull as background work; the same `key` asks once.

    `is_saved`: this process holds the answer, so no other is woken to work on it.
    """
    payload: dict[str, Any] = {"source": source, "at": at.isoformat(), "bundled": bundled}
    if is_saved:
        payload["saved"] = True
    if seen_at is not None:
        payload["seen_at"] = seen_at.isoformat()
    if address:
        payload["address"] = address
    title = f"Pull prices: {sources.get(source).title}"
    return work.enqueue(
        KIND, key=key, at=at, title=title, payload=payload, by=by, wakes=not is_saved
    )


@work.kind(KIND, lease=LEASE, max_attempts=5)
def handle(held: work.Claim) -> work.Effect:
    """Ask the source, read the answer, and return the function that writes it."""
    payload = held.job.payload
    source = sources.get(payload["source"])
    at = datetime.fromisoformat(payload["at"])
    _refuse_a_second(held)
    health = SourceHealth.objects.filter(source=source.name).first() or SourceHealth()
    held.report(percent=10, says=f"asking {source.title}")
    try:
        write = _answered(source, health, held.job, at)
    except NoNetwork as error:
        # Nothing failed that a person could start again: the clock asks once there is a network.
        report = store.failure(source.name, at=at, error=f"{_prefix(error)}{error}")
        return report.as_json
    except (NoAnswer, BadAnswer) as error:
        report = store.failure(source.name, at=at, error=str(error))
        raise work.GiveUp(report.error) from error
    return lambda: write().as_json()


def _answered(source: Source, health: SourceHealth, job: Job, at: datetime) -> Writer:
    """Return the function that writes what the source says, or its mirror where it fails."""
    is_asked = not (_OF_THE_PAST & job.payload.keys() or job.payload["bundled"])
    mirror = source.mirror_url if is_asked else ""
    try:
        fetched = _obtain(source, health, job, at, seconds=DEADLINE_SECONDS / (2 if mirror else 1))
        return _writer(source, health, _seen(source, health, fetched, job.payload, at))
    except (NoAnswer, BadAnswer) as trouble:
        if not mirror:
            raise
        try:
            # What the first address validated says nothing of the mirror's answer.
            client = Client(deadline_seconds=DEADLINE_SECONDS / 2)
            fetched = source.fetch(client, mirror, at)
            fetched = replace(
                fetched, note=f"{trouble}; {urlsplit(mirror).netloc} answered instead"
            )
            return _writer(source, health, _seen(source, health, fetched, job.payload, at))
        except (NoAnswer, BadAnswer, NotModified):
            raise trouble from None


def _obtain(
    source: Source, health: SourceHealth, job: Job, at: datetime, *, seconds: float
) -> Fetched:
    if "saved" in job.payload:
        if job.key not in _saved:
            raise work.GiveUp("The process that read the saved answer ended; read it again.")
        return Fetched(body=_saved[job.key], url=source.url)
    if job.payload["bundled"] and source.bundled is not None:
        return source.bundled(at)
    if _OF_THE_PAST & job.payload.keys():
        address = job.payload.get("address", source.url)
        return source.fetch(Client(deadline_seconds=seconds), address, at)
    try:
        validators = {} if health.must_reread else health.validators
        client = Client(validators=validators, deadline_seconds=seconds)
        return source.fetch(client, source.url, at)
    except NotModified:
        return Fetched(body=b"", url=source.url, revision=health.revision)
    except NoAnswer as error:
        only_bundled = not health.revision or health.revision.startswith(BUNDLED)
        if source.bundled is None or not only_bundled:
            raise
        # A first run without a network still has prices: those inside the product.
        return replace(
            source.bundled(at),
            note=f"{_prefix(error)}{error}; the copy inside the product was read",
        )


def _prefix(error: NoAnswer) -> str:
    return f"{NO_NETWORK}: " if isinstance(error, NoNetwork) else ""


def _seen(
    source: Source, health: SourceHealth, fetched: Fetched, payload: Mapping[str, Any], at: datetime
) -> store.Seen:
    seen_at = fetched.as_of or at
    if "seen_at" in payload:
        seen_at = datetime.fromisoformat(payload["seen_at"])
    sighting = book.Sighting(
        source=source.name,
        revision=fetched.revision or f"sha256 {hashlib.sha256(fetched.body).hexdigest()[:16]}",
        url=fetched.url,
        seen_at=seen_at,
    )
    is_late = health.last_success_at is not None and seen_at < health.last_success_at
    return store.Seen(sighting=sighting, fetched=fetched, checked_at=at, is_late=is_late)


def _writer(source: Source, health: SourceHealth, seen: store.Seen) -> Writer:
    """Return the function that writes the answer; it runs inside the transaction."""
    older_copy = seen.is_late and seen.fetched.revision.startswith(BUNDLED)
    if older_copy:
        return lambda: store.nothing_new(seen)
    same = not (seen.is_late or health.must_reread)
    same = same and not _dated_change_is_due(health, seen.sighting.seen_at)
    if same and health.revision == seen.sighting.revision:
        return lambda: store.nothing_new(seen)
    if source.digest is not None:
        seen = replace(seen, digest=source.digest(seen.fetched.body))
        if same and seen.digest == health.report.get("digest"):
            return lambda: store.nothing_new(seen)
    found = source.read(seen.fetched.body, at=seen.sighting.seen_at)
    if source.gives == "rates":
        return lambda: store.exchange_rates(seen, found)
    return lambda: store.prices(seen, found)


def _dated_change_is_due(health: SourceHealth, at: datetime) -> bool:
    """Return whether a price that the source announced has begun to hold since."""
    announced = health.report.get("next_dated")
    return announced is not None and datetime.fromisoformat(announced) <= at


def _refuse_a_second(held: work.Claim) -> None:
    source = held.job.payload["source"]
    others = Job.objects.filter(
        kind=KIND,
        state=Job.State.RUNNING,
        lease_until__gt=timezone.now(),
        key__startswith=f"{KIND}:{source}:",
    )
    if others.exclude(pk=held.job.pk).exists():
        raise work.GiveUp("Another pull of this source is running; see its progress there.")


def _wait_for(job: Job) -> None:
    """Wait for a worker that was quicker to take the job."""
    until = time.monotonic() + WAIT_SECONDS
    # A job that waits with an error has been tried; the sweep tries it again later.
    hopeful = Q(state=Job.State.RUNNING) | Q(state=Job.State.WAITING, error="")
    unfinished = Job.objects.filter(hopeful, pk=job.pk)
    while unfinished.exists() and time.monotonic() < until:
        time.sleep(0.1)
