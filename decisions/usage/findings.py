"""What do the sums of a file say about a month, a week, the peaks and the trend?"""

import calendar
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from decisions.formulas.bills import HOURS_PER_MONTH
from decisions.usage.files import BadFile
from decisions.usage.tally import HOUR, MEASURES, Sums, Tally

WEEK = 168
LEAST_DAYS_FOR_A_MONTH = 7
LEAST_MONTHS_FOR_A_TREND = 3
MOST_GROWTH = 0.5
_INPUT, _CACHED, _OUTPUT, _BATCH, _REQUESTS, _COST, _OTHER = range(len(MEASURES))


@dataclass(frozen=True)
class Month:
    """The sums of one calendar month in UTC; `is_complete` when the file covers all its days."""

    month: str
    is_complete: bool
    input_tokens: float
    cached_input_tokens: float
    output_tokens: float
    requests: float
    cost: float


@dataclass(frozen=True)
class Findings:
    """All that was read. `workload` holds the figures that a workload can be filled with."""

    rows: int
    period_from: datetime
    period_to: datetime
    months: tuple[Month, ...]
    week: tuple[float, ...] | None
    peak_to_mean: float | None
    basis: str
    workload: dict[str, Any]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        times = {
            "period_from": self.period_from.isoformat(),
            "period_to": self.period_to.isoformat(),
        }
        return {**asdict(self), **times}


def find(tally: Tally) -> Findings:
    """Return what a tally says. Raises BadFile when it holds neither tokens nor money."""
    total = np.sum(list(tally.hours.values()), axis=0)
    if not total[[_INPUT, _OUTPUT, _COST, _OTHER]].any():
        raise BadFile("no row holds tokens or money in the columns named")
    start, end = _period(tally)
    months = tuple(_months(tally, start, end))
    series = _hourly(tally, start, end) if tally.is_hourly else None
    week = _week(series, start) if series is not None and len(series) >= WEEK else None
    peak = None if series is None else float(series.max() / series.mean())
    filled, basis, notes = _workload(total, months, start, end)
    if week is not None:
        filled["hourly_tokens"] = list(week)
    return Findings(
        rows=tally.rows,
        period_from=start,
        period_to=end,
        months=months,
        week=week,
        peak_to_mean=peak,
        basis=basis,
        workload=filled,
        notes=(*notes, *_notes(tally, total, week)),
    )


def _period(tally: Tally) -> tuple[datetime, datetime]:
    step = 1 if tally.is_hourly else 24
    first, last = min(tally.hours), max(tally.hours) + step
    return datetime.fromtimestamp(first * HOUR, UTC), datetime.fromtimestamp(last * HOUR, UTC)


def _months(tally: Tally, start: datetime, end: datetime) -> Iterable[Month]:
    sums: dict[str, Sums] = {}
    for hour, row in sorted(tally.hours.items()):
        name = f"{datetime.fromtimestamp(hour * HOUR, UTC):%Y-%m}"
        sums[name] = sums.get(name, np.zeros(len(MEASURES))) + row
    for name, row in sums.items():
        year, month = map(int, name.split("-"))
        first = datetime(year, month, 1, tzinfo=UTC)
        after = first + timedelta(days=calendar.monthrange(year, month)[1])
        # The first and last day count as whole: nobody's usage begins at midnight sharp.
        covered = start < first + timedelta(days=1) and end > after - timedelta(days=1)
        figures = (row[i] for i in (_INPUT, _CACHED, _OUTPUT, _REQUESTS, _COST))
        yield Month(name, covered, *(float(each) for each in figures))


def _hourly(tally: Tally, start: datetime, end: datetime) -> Sums:
    """Return the tokens of every hour of the period, those without any included."""
    first = int(start.timestamp()) // HOUR
    series = np.zeros(int(end.timestamp()) // HOUR - first)
    for hour, row in tally.hours.items():
        series[hour - first] = row[_INPUT] + row[_OUTPUT]
    return series if series.any() else np.ones(1)


def _week(series: Sums, start: datetime) -> tuple[float, ...]:
    """Return the mean tokens of each hour of a week, Monday 00:00 UTC first."""
    offset = start.weekday() * 24 + start.hour
    places = (np.arange(len(series)) + offset) % WEEK
    sums = np.bincount(places, weights=series, minlength=WEEK)
    counts = np.bincount(places, minlength=WEEK)
    return tuple(float(each) for each in np.round(sums / counts))


def _workload(
    total: Sums, months: tuple[Month, ...], start: datetime, end: datetime
) -> tuple[dict[str, Any], str, list[str]]:
    """Return the figures of a workload, from which part of the file, and what it does not say."""
    if not total[_INPUT] + total[_OUTPUT]:
        return {}, "", ["The file holds no tokens, only money: it fills in nothing."]
    volume, basis = _volume(total, months, start, end)
    filled: dict[str, Any] = dict(volume)
    if not volume:
        basis = ""
    filled["cached_input_share"] = _share(total[_CACHED], total[_INPUT])
    filled["batch_share"] = _share(total[_BATCH], total[_INPUT] + total[_OUTPUT])
    if total[_REQUESTS]:
        filled["mean_input_tokens"] = max(1.0, round(total[_INPUT] / total[_REQUESTS], 1))
        filled["mean_output_tokens"] = max(1.0, round(total[_OUTPUT] / total[_REQUESTS], 1))
    notes = [] if volume else [f"Less than {LEAST_DAYS_FOR_A_MONTH} days: too short for a month."]
    growth = _growth([m for m in months if m.is_complete])
    if growth is not None:
        filled["growth_per_month"] = growth
    else:
        notes.append(f"No trend: it takes {LEAST_MONTHS_FOR_A_TREND} complete months.")
    return filled, basis, notes


def _volume(
    total: Sums, months: tuple[Month, ...], start: datetime, end: datetime
) -> tuple[dict[str, float], str]:
    complete = [month for month in months if month.is_complete]
    if complete:
        last = complete[-1]
        sums, basis = (last.input_tokens, last.output_tokens), f"{last.month}, a complete month"
    else:
        hours = (end - start).total_seconds() / HOUR
        if hours < LEAST_DAYS_FOR_A_MONTH * 24:
            return {}, ""
        scale = float(HOURS_PER_MONTH) / hours
        sums = (float(total[_INPUT]) * scale, float(total[_OUTPUT]) * scale)
        basis = f"{hours / 24:.1f} days, scaled to a month of {HOURS_PER_MONTH} hours"
    names = ("input_tokens_per_month", "output_tokens_per_month")
    return dict(zip(names, (float(round(each)) for each in sums), strict=True)), basis


def _share(part: float, whole: float) -> float:
    return round(min(1.0, float(part / whole)), 4) if whole else 0.0


def _growth(complete: list[Month]) -> float | None:
    """Return the growth a month that leads from the first complete month to the last."""
    if len(complete) < LEAST_MONTHS_FOR_A_TREND:
        return None
    first, last = (m.input_tokens + m.output_tokens for m in (complete[0], complete[-1]))
    if not first or not last:
        return None
    growth = float((last / first) ** (1 / (len(complete) - 1)) - 1)
    return round(growth, 4) if abs(growth) <= MOST_GROWTH else None


def _notes(tally: Tally, total: Sums, week: object) -> Iterable[str]:
    if not tally.is_hourly:
        yield "The file counts whole days: it says nothing about hours and peaks."
    elif week is None:
        yield "Less than a week: no hourly profile."
    if tally.empty_rows:
        yield f"{tally.empty_rows:,} of {tally.rows:,} rows hold neither tokens nor money."
    if total[_OTHER]:
        yield f"{total[_OTHER]:,.0f} tokens are of a kind that the file does not tell: left out."
