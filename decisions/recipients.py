"""Who is reminded of a review, why, and from which day?

Before submission those who prepare, then those who may sign; from 14 days overdue approvers too, from 28
also the team's managers and the administrators. While somebody stands in for an approver, both are told:
the approver's own copy is one that they may turn off.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property

from decisions import access
from decisions.models import Delegation, Reminder, Review, Team, User

APPROVERS_AFTER_DAYS = 14
ADMINISTRATORS_AFTER_DAYS = 28

Role = Reminder.Role


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A person who is reminded of a review, from a day on, and why.

    `on_behalf_of` names the approvers for whom a delegate is told; `is_covered` says that a delegate
    is told for this approver.
    """

    person: User
    role: Role
    first_day: date = date.min
    on_behalf_of: str = ""
    is_covered: bool = False


class People:
    """Who is who in each team, asked once per team for as long as this lives."""

    def __init__(self, *, now: datetime) -> None:
        self.managers = cache(lambda team: list(access.managers_of(team)))
        self.approvers = cache(lambda team: list(access.approvers_of(team)))
        self.delegations = cache(lambda team: access.delegations_running(team, at=now))

    @cached_property
    def administrators(self) -> list[User]:
        """Return the organisation's administrators."""
        return list(User.objects.filter(is_active=True, is_administrator=True))


def of(review: Review, *, people: People) -> list[Recipient]:
    """Return who is reminded of the review, each once, and from which day."""
    team = review.decision.team
    very_late = review.due_on + timedelta(days=ADMINISTRATORS_AFTER_DAYS)
    found: dict[User, Recipient] = {}
    everybody = [
        *(_to_sign(review, people) if _waits(review) else _to_prepare(review, people)),
        *_told(people.managers(team), Role.ADMINISTERS, very_late),
        *_told(people.administrators, Role.ADMINISTERS, very_late),
    ]
    for recipient in everybody:
        found.setdefault(recipient.person, recipient)
    return list(found.values())


def _waits(review: Review) -> bool:
    return bool(review.state == Review.State.SUBMITTED)


def _told(persons: Iterable[User], role: Role, first_day: date = date.min) -> Iterator[Recipient]:
    for person in persons:
        yield Recipient(person=person, role=role, first_day=first_day)


def _to_sign(review: Review, people: People) -> Iterator[Recipient]:
    # Steps before it was submitted were others' business.
    since = review.submitted_at.astimezone(UTC).date() if review.submitted_at else date.min
    # Of several who have to sign, those who have are left alone; so is a right that is used.
    given = [a for a in review.approvals.all() if a.submission == review.submission]
    done = {review.submitted_by_id, *(a.person_id for a in given), *(a.seat_id for a in given)}
    team = review.decision.team
    approvers = [p for p in people.approvers(team) if p.pk not in done]
    yield from _with_stand_ins(approvers, team, Role.SIGNS, since, done=done, people=people)


def _to_prepare(review: Review, people: People) -> Iterator[Recipient]:
    decision, team = review.decision, review.decision.team
    approvers = people.approvers(team)
    yield from _told(people.managers(team), Role.PREPARES)
    # The owner may be an approver, who prepares too.
    yield from _told((p for p in approvers if p.pk == decision.owner_id), Role.PREPARES)
    late = review.due_on + timedelta(days=APPROVERS_AFTER_DAYS)
    yield from _with_stand_ins(approvers, team, Role.APPROVES, late, done=set(), people=people)


def _with_stand_ins(
    approvers: list[User],
    team: Team,
    role: Role,
    since: date,
    *,
    done: set[int | None],
    people: People,
) -> Iterator[Recipient]:
    """Yield the approvers, and behind them whoever stands in for one of them now."""
    ids = {person.pk for person in approvers}
    running: list[Delegation] = [
        d for d in people.delegations(team) if d.approver_id in ids and d.delegate_id not in done
    ]
    covered = {d.approver_id for d in running}
    for person in approvers:
        yield Recipient(person=person, role=role, first_day=since, is_covered=person.pk in covered)
    for delegate in dict.fromkeys(d.delegate for d in running):
        theirs = [d for d in running if d.delegate_id == delegate.pk]
        yield Recipient(
            person=delegate,
            role=Role.STANDS_IN,
            first_day=max(since, min(d.from_on for d in theirs)),
            on_behalf_of=" and ".join(str(d.approver) for d in theirs)[:400],
        )
