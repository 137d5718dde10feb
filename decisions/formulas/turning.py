"""How far is each input from the point at which another option would be cheaper?

A bill is straight in every price, so each turning point is solved exactly. What is paid once counts
with its share per month of the horizon.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from decisions.formulas.lines import Line, Nature, bill
from decisions.formulas.ranges import mover

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """At ``factor`` × what is stated, ``to`` costs as much as the option in question."""

    what: str
    factor: Decimal
    to: str

    @property
    def distance(self) -> Decimal:
        """How far that is from today: 0.2 is 20 % up, −0.2 is 20 % down."""
        return self.factor - 1


def turns(costs: Mapping[str, tuple[Sequence[Line], Decimal]], subject: str) -> list[Turn]:
    """Return the nearest turning point of each price, people and owning included, nearest first.

    ``costs`` holds each option's lines and what it pays once per month of the horizon. Options
    that are cheaper than the subject already have no turning point.

    >>> from decisions.formulas.lines import Part
    >>> rent = Line(part=Part.GPUS, nature=Nature.RENT, unit="GPUs", price=Decimal(1000),
    ...             price_says="", fixed=Decimal(1))
    >>> api = Line(part=Part.TOKENS, nature=Nature.API_PRICE, unit="M", price=Decimal(1),
    ...            price_says="", scaling=Decimal(1250), source="A")
    >>> [(t.what, str(t.factor), t.to) for t in turns({"C": ([rent], ZERO), "A": ([api], ZERO)}, "C")]
    [('prices of A', '0.8', 'A'), ('GPU rent', '1.25', 'A')]
    """
    movers = {
        mover(line): None
        for lines, _ in costs.values()
        for line in lines
        if line.nature is not Nature.FIXED
    }
    nearest = (
        min(_of(what, costs, subject), key=lambda turn: abs(turn.distance), default=None)
        for what in movers
    )
    return sorted((turn for turn in nearest if turn), key=lambda turn: abs(turn.distance))


def _of(
    what: str, costs: Mapping[str, tuple[Sequence[Line], Decimal]], subject: str
) -> Iterator[Turn]:
    straight = {name: _straight(what, *each) for name, each in costs.items()}
    ours, our_slope = straight[subject]
    for name, (theirs, their_slope) in straight.items():
        gap, slope = theirs - ours, their_slope - our_slope
        if name == subject or gap + slope < 0 or not slope:
            continue
        factor = -gap / slope
        if factor >= 0 and factor != 1:
            yield Turn(what=what, factor=factor, to=name)


def _straight(what: str, lines: Sequence[Line], once: Decimal) -> tuple[Decimal, Decimal]:
    """Return the part of a cost that stays, and the part that follows what moves."""
    moving = [line for line in lines if line.nature is not Nature.FIXED and mover(line) == what]
    slope = bill(moving).total
    return bill(lines).total + once - slope, slope
