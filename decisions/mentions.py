"""Who is called in a comment, and how do they learn of it?

`@` and a name, an e-mail address or what stands before its @. Only members of the team can be called.
"""

import re
from datetime import datetime

from decisions import deliveries, notices
from decisions.models import Comment, Delivery, Team, User


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
    """Ask for a notice to everybody whom the comment calls, in the caller's transaction."""
    decision = comment.review.decision
    people = [person for person in found_in(comment.text, team=decision.team) if person != by]
    # A name with a line break in it must not end a mail's header.
    subject = " ".join(f"{by} mentions you: {decision.name}".split())
    for person in people:
        for address in notices.channels_of(person, Delivery.Kind.MENTION):
            way = f"address:{address.pk}" if address else "email"
            deliveries.ask(
                key=f"mention:{comment.pk}:person:{person.pk}:{way}",
                kind=Delivery.Kind.MENTION,
                subject=subject,
                person=person,
                address=address,
                team=decision.team,
                comment=comment,
                at=at,
                by=by.email,
            )
    return people
