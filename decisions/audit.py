"""How is a thing that happened written down so that nobody can change it unseen?"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from decisions.models import AuditEvent, User

FIRST = "0" * 64
# What an event's digest is taken over, in this order.
FIELDS = (
    "position",
    "at",
    "actor",
    "signed_in_how",
    "ip_address",
    "user_agent",
    "request_id",
    "team",
    "what",
    "subject",
    "subject_key",
    "before",
    "after",
    "previous_sha256",
)
# Any number, the same for every process: PostgreSQL then appends one event at a time.
_CHAIN_LOCK = 7_364_201


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an action comes from: a request, or a task of the product itself."""

    signed_in_how: str = ""
    ip_address: str = ""
    user_agent: str = ""
    request_id: str = ""


SYSTEM = Origin(signed_in_how="system")
_origin: ContextVar[Origin | None] = ContextVar("origin", default=None)


@contextmanager
def origin(where: Origin) -> Iterator[None]:
    """Note `where` as the origin of every event written inside the block."""
    token = _origin.set(where)
    try:
        yield
    finally:
        _origin.reset(token)


_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def canonical(value: Any) -> str:
    """Return JSON text that is the same for the same value: sorted keys, no spaces, UTF-8."""
    return _encode(value)


def name_of(by: User | str) -> str:
    """Return the text that stands for an actor: a person's name and address, or a task's name."""
    return by if isinstance(by, str) else by.get_full_name()


def write(
    what: str,
    *,
    by: User | str,
    at: datetime,
    subject: object,
    team: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Append an event to the chain, in the caller's transaction.

    Raises `TransactionManagementError` outside one: an event without its change, or a change
    without its event, must not be possible.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an audit event needs its transaction")
    _one_at_a_time()
    last = AuditEvent.objects.order_by("-position").first()
    where = _origin.get() or SYSTEM
    event = AuditEvent(
        position=last.position + 1 if last else 1,
        at=at,
        actor=name_of(by),
        signed_in_how=where.signed_in_how,
        ip_address=where.ip_address,
        user_agent=where.user_agent,
        request_id=where.request_id,
        team=team,
        what=what,
        subject=str(subject)[:200],
        subject_key=_key(subject),
        before="" if before is None else canonical(before),
        after="" if after is None else canonical(after),
        previous_sha256=last.sha256 if last else FIRST,
    )
    event.sha256 = digest(event)
    event.save(force_insert=True)
    return event


def digest(event: AuditEvent) -> str:
    """Return the SHA-256 over an event's fields and the digest of the event before it."""
    return _digest([getattr(event, name) for name in FIELDS])


def _digest(fields: Sequence[Any]) -> str:
    position, at, *texts = fields
    written = [str(position), _moment(at), *texts]
    return hashlib.sha256(_encode(written).encode()).hexdigest()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def head() -> tuple[int, str]:
    """Return position and digest of the newest event; (0, sixty-four zeros) when there is none."""
    last = AuditEvent.objects.order_by("-position").values_list("position", "sha256").first()
    return last or (0, FIRST)


def first_broken(*, chunk: int = 2000) -> str | None:
    """Return what is wrong with the first event that does not fit the chain, or None."""
    previous = FIRST
    # Plain rows: an object for each event would take three times as long.
    rows = AuditEvent.objects.order_by("position").values_list(*FIELDS, "sha256")
    for position, (*fields, sha256) in enumerate(rows.iterator(chunk_size=chunk), start=1):
        if fields[0] != position:
            return f"event {position} is missing (the next one found is {fields[0]})"
        if fields[-1] != previous:
            return f"event {position} does not follow event {position - 1}"
        if sha256 != _digest(fields):
            return f"event {position} was changed after it was written"
        previous = sha256
    return None


def lines(only: Q | None = None) -> Iterator[str]:
    """Yield every event, or `only` some, oldest first, as lines of JSON.

    `docs/records.md` says how to check them.
    """
    rows = (
        AuditEvent.objects.filter(only or Q()).order_by("position").values_list(*FIELDS, "sha256")
    )
    for position, at, *texts in rows.iterator(chunk_size=2000):
        named = zip((*FIELDS[2:], "sha256"), texts, strict=True)
        yield canonical({"position": position, "at": _moment(at), **dict(named)}) + "\n"


def _one_at_a_time() -> None:
    # SQLite's IMMEDIATE transactions hold the only write lock already.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])


def _key(subject: object) -> str:
    number = getattr(subject, "pk", None)
    return f"{type(subject).__name__.lower()}:{number}" if number is not None else ""
