"""What is stored. Constraints and triggers in the database keep what these classes promise."""

from decisions.models.audit import AuditEvent
from decisions.models.decisions import Answer, Decision, Option, Standing, Workload
from decisions.models.evidence import Benchmark, OwnModel, UsageFile
from decisions.models.keeping import LegalHold
from decisions.models.notices import Address, Delivery, FeedToken, Flag, Muted, Reminder, Snooze
from decisions.models.packs import Pack
from decisions.models.people import ApiToken, Delegation, Membership, Team, User
from decisions.models.quality import QualityScore
from decisions.models.reliability import ReliabilityPart
from decisions.models.reviews import Approval, Comment, Record, Review, Snapshot
from decisions.models.searching import SavedSearch
from decisions.models.sharing import ShareLink

__all__ = [
    "Address",
    "Answer",
    "ApiToken",
    "Approval",
    "AuditEvent",
    "Benchmark",
    "Comment",
    "Decision",
    "Delegation",
    "Delivery",
    "FeedToken",
    "Flag",
    "LegalHold",
    "Membership",
    "Muted",
    "Option",
    "OwnModel",
    "Pack",
    "QualityScore",
    "Record",
    "ReliabilityPart",
    "Reminder",
    "Review",
    "SavedSearch",
    "ShareLink",
    "Snapshot",
    "Snooze",
    "Standing",
    "Team",
    "UsageFile",
    "User",
    "Workload",
]
