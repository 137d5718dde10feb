"""What is stored. Constraints and triggers in the database keep what these classes promise."""

from decisions.models.audit import AuditEvent
from decisions.models.decisions import Answer, Decision, Option, Standing, Workload
from decisions.models.notices import Flag, Reminder
from decisions.models.people import ApiToken, Membership, Team, User
from decisions.models.reviews import Comment, Record, Review, Snapshot

__all__ = [
    "Answer",
    "ApiToken",
    "AuditEvent",
    "Comment",
    "Decision",
    "Flag",
    "Membership",
    "Option",
    "Record",
    "Reminder",
    "Review",
    "Snapshot",
    "Standing",
    "Team",
    "User",
    "Workload",
]
