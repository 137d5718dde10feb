"""How did one price move, and where is nothing known?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from django.utils import timezone

from decisions.charts.scales import Axis, Point, Tick, nice_steps, path
from decisions.templatetags.figures import money

WIDTH, HEIGHT = 760, 260
LEFT, RIGHT, TOP, BOTTOM = 70, 740, 20, 216
MOST_DATES = 6


@dataclass(frozen=True, kw_only=True)
class HistoryPoint:
    """A price seen at a moment. `amount` None: from here on nothing is known (a gap)."""

    at: datetime
    amount: Decimal | None
    is_quarantined: bool = False
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A price in quarantine: seen, and not used."""

    x: float
    y: float
    says: str


@dataclass(frozen=True, kw_only=True)
class HistoryChart:
    """A step line: a price holds until the next one is seen; it breaks where nothing is known."""

    title: str
    description: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    unit: str
    paths: tuple[str, ...]
    dots: tuple[Point, ...]
    held: tuple[Held, ...]
    gaps: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    rows: tuple[tuple[datetime, str, str], ...]

    @property
    def plot_height(self) -> int:
        """The height between both ends of the scale."""
        return self.bottom - self.top


def price_history(
    points: Iterable[HistoryPoint], *, currency: str, unit: str, until: datetime
) -> HistoryChart | None:
    """Return the chart of a price, oldest point first, its last price holding `until` then.

    None when no price was ever seen.
    """
    found = sorted(points, key=lambda point: point.at)
    amounts = [float(point.amount) for point in found if point.amount is not None]
    if not amounts:
        return None
    x, y = _axes(found, amounts, until)
    used = [point for point in found if not point.is_quarantined]
    return HistoryChart(
        title="Price over time",
        description=_description(used, found, currency, unit),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=RIGHT,
        top=TOP,
        bottom=BOTTOM,
        unit=f"{currency} per {unit}",
        paths=tuple(_steps(used, x, y, until)),
        dots=tuple(_place(p, x, y) for p in used if p.amount is not None),
        held=tuple(_held(p, x, y, currency) for p in found if p.is_quarantined and p.amount),
        gaps=tuple(_gaps(used, x, until)),
        x_ticks=_date_ticks(x),
        y_ticks=tuple(Tick(at=y.at(v), label=money(Decimal(repr(v)))) for v in _steps_of(y)),
        rows=tuple((p.at, money(p.amount, currency), _state(p)) for p in reversed(found)),
    )


def _axes(
    found: Sequence[HistoryPoint], amounts: list[float], until: datetime
) -> tuple[Axis, Axis]:
    start, end = found[0].at.timestamp(), max(until, found[-1].at).timestamp()
    if end - start < 86_400:
        start = end - 86_400
    top = nice_steps(max(amounts))[-1]
    return (
        Axis(low=start, high=end, start=LEFT, end=RIGHT),
        Axis(low=0, high=top, start=BOTTOM, end=TOP),
    )


def _steps_of(y: Axis) -> list[float]:
    return nice_steps(y.high)


def _place(point: HistoryPoint, x: Axis, y: Axis) -> Point:
    return x.at(point.at.timestamp()), y.at(float(point.amount or 0))


def _steps(used: Sequence[HistoryPoint], x: Axis, y: Axis, until: datetime) -> Iterator[str]:
    """Yield one path for each stretch without a gap."""
    stretch: list[Point] = []
    for point in used:
        here = x.at(point.at.timestamp())
        if stretch:
            stretch.append((here, stretch[-1][1]))
        if point.amount is None:
            yield from [path(stretch)] if stretch else []
            stretch = []
        else:
            stretch.append((here, y.at(float(point.amount))))
    if stretch:
        stretch.append((max(x.at(until.timestamp()), stretch[-1][0]), stretch[-1][1]))
        yield path(stretch)


def _gaps(used: Sequence[HistoryPoint], x: Axis, until: datetime) -> Iterator[tuple[float, float]]:
    """Yield start and width of each stretch in which nothing is known."""
    ends = [*(point.at for point in used[1:]), until]
    for point, end in zip(used, ends, strict=False):
        if point.amount is None and end > point.at:
            start = x.at(point.at.timestamp())
            yield start, round(x.at(end.timestamp()) - start, 1)


def _held(point: HistoryPoint, x: Axis, y: Axis, currency: str) -> Held:
    at, height = _place(point, x, y)
    return Held(x=at, y=height, says=f"in quarantine: {money(point.amount, currency)}")


def _date_ticks(x: Axis) -> tuple[Tick, ...]:
    step = (x.high - x.low) / (MOST_DATES - 1)
    moments = [x.low + step * place for place in range(MOST_DATES)]
    zone = timezone.get_current_timezone()
    labels = [datetime.fromtimestamp(at, tz=zone) for at in moments]
    return tuple(
        Tick(at=x.at(at), label=f"{day.day} {day:%b %Y}")
        for at, day in zip(moments, labels, strict=True)
    )


def _state(point: HistoryPoint) -> str:
    if point.amount is None:
        return point.says or "no longer listed"
    return point.says or ("in quarantine, not used" if point.is_quarantined else "")


def _description(
    used: Sequence[HistoryPoint], found: Sequence[HistoryPoint], currency: str, unit: str
) -> str:
    known = [point for point in used if point.amount is not None]
    held = len(found) - len(used)
    quarantine = f" {held} held in quarantine." if held else ""
    if not known:
        return f"No price in use.{quarantine}"
    changes = sum(a.amount != b.amount for a, b in pairwise(known))
    first, last = known[0], known[-1]
    return (
        f"From {money(first.amount, currency)} per {unit} on {first.at:%d %b %Y} to "
        f"{money(last.amount, currency)} on {last.at:%d %b %Y}, {changes} changes.{quarantine}"
    )
