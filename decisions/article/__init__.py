"""What does the article that Breakeven stems from claim, and what follows from its own inputs?

The claims are data, in `decisions/data/article.toml`; every figure beside them is worked out by the
formulas that decisions use, when it is first asked for.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from decisions.article import machines, money

VERDICTS = {
    "holds": "holds",
    "band": "holds within limits",
    "differs": "does not follow",
    "missing": "left out",
}
"""What is said of a claim: whether it follows from the article's own inputs."""
FIGURES: dict[str, Callable[[], float | Decimal | str]] = {**money.FIGURES, **machines.FIGURES}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure that was worked out. `unit` is EUR, %, tokens, GB, … or "text"."""

    id: str
    what: str
    unit: str
    value: float | str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One claim, its verdict (a key of VERDICTS), and the figures that follow from its inputs."""

    id: str
    topic: str
    claim: str
    says: str
    verdict: str
    reads: str
    figures: tuple[Figure, ...]


@cache
def cases() -> tuple[Case, ...]:
    """Return all claims in the article's order; the figures are worked out once in a process."""
    text = files("decisions").joinpath("data/article.toml").read_text(encoding="utf-8")
    return tuple(
        Case(**{**each, "figures": tuple(_figure(*named) for named in each["figures"])})
        for each in tomllib.loads(text)["case"]
    )


def _figure(id: str, what: str, unit: str) -> Figure:  # noqa: A002 - the field's name
    value = FIGURES[id]()
    return Figure(
        id=id, what=what, unit=unit, value=value if isinstance(value, str) else float(value)
    )
