"""What is wrong with an input, and where?"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the path to it, and what it must be."""

    path: str
    says: str

    def __str__(self) -> str:
        return f"{self.path}: {self.says}" if self.path else self.says


class BadInput(ValueError):
    """An input that cannot be evaluated, with every fault that was found in it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults, for whoever shows them one by one."""
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
