"""Who wants which notices over which channels, and who is told of a flag?"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from decisions import access, deliveries
from decisions.models import Address, Delivery, Flag, Muted, User

Kind = Delivery.Kind
# What nobody can turn off; the database holds it too.
ALWAYS = {(Kind.DUE, Muted.Channel.EMAIL)}
CHOOSABLE = (Kind.SOON, Kind.DUE, Kind.AWAY, Kind.MENTION, Kind.FLAG)


def channels_of(person: User, kind: str) -> Iterator[Address | None]:
    """Yield where the person wants notices of this kind: None is their mailbox."""
    quiet = set(Muted.objects.filter(person=person, kind=kind).values_list("channel", flat=True))
    if Muted.Channel.EMAIL not in quiet:
        yield None
    if Muted.Channel.CHAT not in quiet:
        yield from person.addresses.all()


def choose(person: User, *, wanted: Iterable[tuple[str, str]]) -> None:
    """Store which kinds of notices the person wants over which channels."""
    keep = {*wanted, *ALWAYS}
    every = {(kind, channel) for kind in CHOOSABLE for channel in Muted.Channel}
    with transaction.atomic():
        Muted.objects.filter(person=person).delete()
        Muted.objects.bulk_create(
            Muted(person=person, kind=kind, channel=channel)
            for kind, channel in sorted(every - {(Kind(k), Muted.Channel(c)) for k, c in keep})
        )


def tell_of_flags(*, now: datetime) -> int:
    """Ask for the notices of every flag that is open and has not been told; return how many flags."""
    told = 0
    for flag in Flag.objects.filter(told_at=None).select_related("decision__team"):
        with transaction.atomic():
            # Of two schedulers one wins.
            if not Flag.objects.filter(pk=flag.pk, told_at=None).update(told_at=now):
                continue
            if flag.closed_at is None and flag.decision.archived_at is None:
                _tell(flag, now=now)
                told += 1
    return told


def _tell(flag: Flag, *, now: datetime) -> None:
    team = flag.decision.team
    subject = f"{flag.decision.name}: {flag.get_kind_display()}"
    about: dict[str, Any] = {"kind": Kind.FLAG, "flag": flag, "team": team, "subject": subject}
    for person in access.editors_of(team):
        for address in channels_of(person, Kind.FLAG):
            way = f"address:{address.pk}" if address else "email"
            key = f"flag:{flag.pk}:person:{person.pk}:{way}"
            deliveries.ask(key=key, person=person, address=address, at=now, **about)
    for address in team.addresses.all():
        deliveries.ask(key=f"flag:{flag.pk}:address:{address.pk}", address=address, at=now, **about)
