"""Which reviews stand in a calendar, and whose is it?

A feed is read by programs that cannot sign in, so its address holds a secret: shown once, kept as its
SHA-256, and worthless as soon as it is revoked or its owner no longer sees the team.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

import icalendar
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.urls import reverse

from decisions import access, audit
from decisions.letters import STILL_DUE
from decisions.models import AuditEvent, FeedToken, Review, Team, User

KEPT = timedelta(days=400)


def make(*, team: Team | None, by: User, at: datetime) -> str:
    """Return the secret of a new feed: of the team's reviews, or of all that the person prepares."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        feed = FeedToken.objects.create(user=by, team=team, sha256=_digest(secret), created_at=at)
        audit.write("calendar address made", by=by, at=at, subject=feed)
    return secret


def revoke(feed: FeedToken, *, by: User, at: datetime) -> None:
    """Make a feed's address worthless."""
    with transaction.atomic():
        audit.write("calendar address revoked", by=by, at=at, subject=feed)
        feed.delete()


def find(secret: str, *, at: datetime) -> FeedToken | None:
    """Return whose feed this is; None when it is nobody's, or not theirs to read any more."""
    known = FeedToken.objects.filter(sha256=_digest(secret), user__is_active=True)
    feed = known.select_related("user", "team").first()
    if feed is None or (feed.team and not access.may_see_team(feed.user, feed.team.pk)):
        return None
    known.update(last_used_at=at)
    return feed


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def write(feed: FeedToken, *, at: datetime) -> bytes:
    """Return the feed as iCalendar (RFC 5545): one all-day event per review, on its due date.

    An event's UID stays; its SEQUENCE and times follow the review's audit events.
    """
    reviews = list(_reviews(feed, since=at - KEPT))
    keys = [f"review:{review.pk}" for review in reviews]
    changed = AuditEvent.objects.filter(subject_key__in=keys).order_by().values("subject_key")
    events = {
        each["subject_key"]: (each["times"], each["last"])
        for each in changed.annotate(times=Count("pk"), last=Max("at"))
    }
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Breakeven//Reviews//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Reviews of {feed.team or feed.user}")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    for review in reviews:
        times, last = events.get(f"review:{review.pk}", (1, review.created_at))
        calendar.add_component(_event(review, sequence=times, changed_at=last))
    return bytes(calendar.to_ical())


def _reviews(feed: FeedToken, *, since: datetime) -> QuerySet[Review]:
    teams = [feed.team] if feed.team else access.teams_edited_by(feed.user)
    found = Review.objects.filter(decision__team__in=teams, decision__archived_at=None)
    return found.filter(due_on__gte=since.date()).select_related("decision__team").order_by("pk")


def _event(review: Review, *, sequence: int, changed_at: datetime) -> icalendar.Event:
    link = settings.SITE_URL.rstrip("/") + reverse("review-detail", args=[review.pk])
    state, is_open = review.get_state_display(), review.state in STILL_DUE
    is_over = not is_open and review.state != Review.State.SIGNED
    event = icalendar.Event()
    event.add("uid", f"review-{review.pk}@{_digest(settings.SITE_URL)[:16]}.breakeven")
    event.add("dtstamp", changed_at.astimezone(UTC))
    event.add("last-modified", changed_at.astimezone(UTC))
    event.add("sequence", sequence)
    event.add("dtstart", review.due_on)
    event.add("dtend", review.due_on + timedelta(days=1))
    due = "Review due" if is_open else state
    event.add("summary", f"{due}: {review.decision.name} ({review.period})")
    event.add("description", f"{review.decision.team}. State: {state}.\n{link}")
    event.add("url", link)
    event.add("status", "CANCELLED" if is_over else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event
