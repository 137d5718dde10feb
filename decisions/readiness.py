"""May a review be handed on, and signed, as the decision stands?"""

from collections.abc import Sequence

from decisions import access, changes, standing
from decisions.models import Decision, Team, User


class NotAllowed(Exception):
    """A step that the review's state, or the person, does not allow; its text says why."""


def refuse_too_few_approvers(team: Team, *, by: User) -> None:
    """Refuse when the people beside the preparer cannot give the signatures that the team needs."""
    others = access.approvers_of(team).exclude(pk=by.pk).count()
    if not others:
        raise NotAllowed(f"{team} has no approver beside you: add one to the team, then submit.")
    if others < team.approvals_needed:
        raise NotAllowed(
            f"{team} needs {team.approvals_needed} signatures and has {others} approvers beside "
            "you: add approvers to the team, or need fewer signatures."
        )


def refuse_unready(decision: Decision) -> standing.Answered:
    """Return the answer that is signed; refuse a decision that lacks what a signature stands for."""
    decision.refresh_from_db()
    if decision.chosen_id is None:
        raise NotAllowed("No option is chosen yet. Choose one on the compare page, then submit.")
    answered = standing.answer(decision)
    if answered.result is None or answered.reading is None:
        raise NotAllowed("The decision cannot be evaluated: " + " ".join(answered.faults))
    if answered.left_out:
        names = ", ".join(each.name for each in answered.left_out)
        raise NotAllowed(f"Not every option can be worked out. Mend or remove: {names}.")
    if answered.reading.gates_missing:
        raise NotAllowed(f"The checklist is not complete: {answered.reading.says}")
    blocking = [m["says"] for m in answered.result["mistakes"] if m["severity"] == "blocks"]
    if blocking:
        raise NotAllowed("This must be mended first: " + " ".join(blocking))
    return answered


def refuse_unread(
    decision: Decision, answered: standing.Answered, parts_read: Sequence[str]
) -> None:
    """Refuse when the team reads before it signs and a part that changed is not ticked."""
    if not decision.team.read_before_sign:
        return
    unread = [p for p in changes.parts_to_read(decision, answered) if p not in parts_read]
    if unread:
        names = ", ".join(changes.PARTS[part] for part in unread)
        raise NotAllowed(f"Tick each part when you have read it. Not ticked: {names}.")
