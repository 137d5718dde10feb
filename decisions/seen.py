"""What exactly did an approver have on the page, and what moved since?

The page carries what it showed, signed, so that nothing has to be stored for somebody who only looks.
At the signature it is held against what is stored then: a price that came in between, or an input that
somebody changed, is shown instead of being signed unseen.
"""

import copy
import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from django.core import signing

from decisions import audit, changes, evaluation
from decisions.models import Review
from decisions.standing import Answered
from decisions.version import FORMULA_VERSION

SALT = "what an approver saw"
# These follow the calendar, not what anybody changed.
NOT_COMPARED = ("as_of", "last_reviewed_on")


class Unreadable(Exception):
    """What the page should have carried is missing or was changed."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The submission, the decision's version and the question with its prices, as on the page."""

    submission: int
    version: int
    formulas: str
    question: dict[str, Any]

    @property
    def sha256(self) -> str:
        """Return the SHA-256 over all of it."""
        return hashlib.sha256(audit.canonical(asdict(self)).encode()).hexdigest()

    def as_text(self) -> str:
        """Return it for a form, signed against changes."""
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def now(review: Review, answered: Answered) -> Seen:
    """Return what a page that is opened now shows."""
    question = {k: v for k, v in answered.asked.raw.items() if k not in NOT_COMPARED}
    return Seen(
        submission=review.submission,
        version=review.decision.version,
        formulas=FORMULA_VERSION,
        question=copy.deepcopy(question),
    )


def from_text(text: str) -> Seen:
    """Return what a form carried; raise `Unreadable` when it is not what a page wrote."""
    try:
        return Seen(**signing.loads(text, salt=SALT))
    except (signing.BadSignature, TypeError) as error:
        raise Unreadable from error


def moved(seen: Seen, answered: Answered) -> list[changes.Change]:
    """Return what is not as it was seen, each with its effect on the monthly cost."""
    question = copy.deepcopy(seen.question)
    try:
        result = evaluation.as_json(evaluation.evaluate(evaluation.read(question), draws=0))
    except evaluation.BadInput:
        return []
    return list(changes.between({"question": seen.question, "result": result}, answered))
