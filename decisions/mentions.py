"""Who is called in a comment, and how do they learn of it?

`@` and a name, an e-mail address or what stands before its @. Only members of the team can be called.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string

from decisions.models import Comment, Team, User
from jobs import work

KIND = "send_mention"


def found_in(text: str, *, team: Team) -> list[User]:
    """Return the members of the team that the text calls, each once, in the order of the text."""
    handles = _handles(team)
    called: dict[User, None] = {}
    for match in re.finditer(r"(?<!\w)@", text):
        rest = text[match.end() :].casefold()
        fitting = [h for h in handles if rest.startswith(h) and not _goes_on(rest[len(h) :])]
        if fitting:
            called[handles[max(fitting, key=len)]] = None
    return list(called)


def _handles(team: Team) -> dict[str, User]:
    """Return what each member can be called by; what fits two of them calls nobody."""
    handles: dict[str, User | None] = {}
    for member in team.members.filter(is_active=True):
        local = member.email.partition("@")[0]
        names = {member.email, local, member.name, *member.name.split()[:1]}
        for name in filter(None, (n.casefold() for n in names)):
            handles[name] = None if name in handles else member
    return {name: member for name, member in handles.items() if member is not None}


def _goes_on(rest: str) -> bool:
    return re.match(r"\w|[@.-]\w", rest) is not None


def tell(comment: Comment, *, by: User, at: datetime) -> list[User]:
    """Ask for a mail to everybody whom the comment calls, in the caller's transaction."""
    team = comment.review.decision.team
    people = [person for person in found_in(comment.text, team=team) if person != by]
    for person in people:
        work.enqueue(
            KIND,
            key=f"mention:{comment.pk}:{person.pk}",
            title=f"Tell {person} of a comment on {comment.review.decision.name}",
            payload={"comment_id": comment.pk, "person_id": person.pk, "team_id": team.pk},
            at=at,
            by=by.email,
        )
    return people


@work.kind(KIND, lease=timedelta(minutes=2), max_attempts=8)
def send(claim: work.Claim) -> work.Effect:
    """Mail one mention, unless the person has left the team since."""
    payload = claim.job.payload
    comment = Comment.objects.select_related("review__decision__team").get(pk=payload["comment_id"])
    team = comment.review.decision.team
    person = team.members.filter(pk=payload["person_id"], is_active=True).first()
    if person is not None:
        _message(comment, person).send()

    def sent() -> Mapping[str, Any]:
        return {"sent": person is not None}

    return sent


def _message(comment: Comment, person: User) -> EmailMessage:
    context = {"comment": comment, "person": person, "site_url": settings.SITE_URL}
    subject = f"{comment.author_name} mentions you: {comment.review.decision.name}"
    return EmailMessage(
        # A name with a line break in it must not end the header.
        subject=" ".join(subject.split()),
        body=render_to_string("emails/mention.txt", context),
        to=[person.email],
        headers={"Message-ID": f"<mention.{comment.pk}.{person.pk}@breakeven>"},
    )
