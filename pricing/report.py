"""What did a pull come to?"""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Report:
    """Counts of observations that a pull appended, and of prices that it found unchanged.

    `confirmed` of the accepted ones had been in quarantine. `error` is for people, "" when all went
    well.
    """

    source: str
    revision: str = ""
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    rejected: int = 0
    withdrawn: int = 0
    confirmed: int = 0
    held_providers: list[str] = field(default_factory=list)
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return asdict(self)
