"""How does each notice reach its recipient once, and what is known of it on the way?

A delivery is a row with its job: asked for once, tried again for two days, started again by hand after
that. What leaves the database cannot be sent exactly once: a worker that dies between mail and row sends
again, with the same Message-ID, so that mail programs show it once.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from decisions import audit, channels, letters, sealing
from decisions.models import Address, Comment, Delivery, Flag, Review, Team, User
from jobs import work

KIND = "send_notice"
# With waits that grow to an hour: about two days.
MOST_TRIES = 56


def ask(
    *,
    key: str,
    kind: str,
    subject: str,
    at: datetime,
    by: str = "system:schedule",
    person: User | None = None,
    address: Address | None = None,
    team: Team | None = None,
    review: Review | None = None,
    step: str = "",
    flag: Flag | None = None,
    comment: Comment | None = None,
    skipped: str = "",
) -> bool:
    """Ask for a notice to be sent, in the caller's transaction; False when it was asked for before.

    `skipped` says why it is only written down and not sent.
    """
    channel = str(address) if address else f"E-mail to {person.email if person else 'nobody'}"
    delivery, created = Delivery.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "subject": subject[:300],
            "created_at": at,
            "person": person,
            "address": address,
            "team": team,
            "review": review,
            "step": step,
            "flag": flag,
            "comment": comment,
            "dropped_because": skipped,
            "channel": channel[:120],
            "message_id": _message_id(key),
        },
    )
    if created and not skipped:
        job = work.enqueue(
            KIND,
            key=f"delivery:{delivery.pk}",
            title=f"{channel}: {subject}"[:200],
            payload={"delivery_id": delivery.pk, "team_id": team.pk if team else 0},
            at=at,
            by=by,
        )
        Delivery.objects.filter(pk=delivery.pk).update(job=job)
    return created


def _message_id(key: str) -> str:
    digest = hashlib.sha256(f"{settings.SITE_URL}:{key}".encode()).hexdigest()[:32]
    return f"<{digest}@breakeven>"


@work.kind(KIND, lease=timedelta(minutes=2), max_attempts=MOST_TRIES)
def send(claim: work.Claim) -> work.Effect:
    """Send one notice, if what it says still holds."""
    delivery = Delivery.objects.select_related(
        "review__decision__team",
        "flag__decision__team",
        "comment__review__decision__team",
        "person",
        "address",
    ).get(pk=claim.job.payload["delivery_id"])
    dropped = "" if delivery.sent_at else letters.no_longer(delivery)
    if not dropped and not delivery.sent_at:
        _send(delivery)

    def sent() -> Mapping[str, Any]:
        Delivery.objects.filter(pk=delivery.pk).update(
            sent_at=delivery.sent_at or (None if dropped else timezone.now()),
            dropped_because=dropped,
        )
        return {"dropped_because": dropped}

    return sent


def _send(delivery: Delivery) -> None:
    message = letters.message(delivery)
    address = delivery.address
    if address is None:
        if delivery.person is None or not delivery.channel.startswith("E-mail"):
            raise work.GiveUp("The address was removed before this was sent.")
        channels.send_mail(message, to=delivery.person.email)
        return
    try:
        url, secret = sealing.unseal(address.sealed_url), ""
        if address.service == Address.Service.WEBHOOK:
            secret = sealing.unseal(address.sealed_secret)
    except sealing.Unreadable as reason:
        raise work.GiveUp(str(reason)) from reason
    if address.service == Address.Service.WEBHOOK:
        channels.post_webhook(message, url=url, secret=secret, at=timezone.now())
    else:
        channels.send_chat(message, service=address.service, url=url)


def send_test(*, person: User, address: Address | None, by: User, at: datetime) -> bool:
    """Ask for a test message to the person's mailbox or to an address, once a second at most."""
    where = f"address:{address.pk}" if address else f"person:{person.pk}"
    with transaction.atomic():
        return ask(
            key=f"test:{where}:{at:%Y%m%dT%H%M%S}",
            kind=Delivery.Kind.TEST,
            subject="Test message from Breakeven",
            person=None if address and address.team_id else person,
            address=address,
            team=address.team if address else None,
            at=at,
            by=by.get_full_name(),
        )


def retry(delivery: Delivery, *, by: User, at: datetime) -> bool:
    """Try again now, with all tries; False when the notice is not waiting and has not failed."""
    if delivery.job_id is None or delivery.state not in {
        Delivery.State.FAILED,
        Delivery.State.WAITING,
    }:
        return False
    with transaction.atomic():
        again = work.retry(delivery.job_id, at=at) or work.hurry(delivery.job_id, at=at)
        if again:
            team = delivery.team.name if delivery.team else ""
            audit.write("notice tried again", by=by, at=at, subject=delivery, team=team)
    return again
