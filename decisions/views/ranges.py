"""How sure is the answer? What the pages show of the draws behind an evaluation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from decisions import charts
from decisions.templatetags.figures import money, percent

DRAWS = 10_000
MOST_SEED = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """The draws of one evaluation in words, charts and rows."""

    says: str
    draws: int
    seed: int
    next_seed: int
    subject: str
    rows: tuple[dict[str, Any], ...]
    spread: charts.RangeChart | None
    tornado: charts.TornadoChart | None
    spans: tuple[Mapping[str, Any], ...]


def seed_of(request: HttpRequest) -> int:
    """Return the seed that the address asks for; 0 when it asks for none or for nonsense."""
    text = request.GET.get("seed", "")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_SEED))):
        return 0
    return min(int(text), MOST_SEED)


def ranges(result: Mapping[str, Any] | None) -> Ranges | None:
    """Return what the pages show of an evaluation's uncertainty; None when nothing was drawn."""
    found = (result or {}).get("uncertainty")
    if result is None or not found:
        return None
    return Ranges(
        says=" ".join(_says(found, result["currency"])),
        draws=found["draws"],
        seed=found["seed"],
        next_seed=(found["seed"] + 1) % MOST_SEED,
        subject=found["subject"],
        rows=tuple(_rows(found)),
        spread=charts.spread(result),
        tornado=charts.tornado(result),
        spans=tuple(found["spans"]),
    )


def _rows(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    likely = sorted(found["p_cheapest"], key=lambda name: -found["p_cheapest"][name])
    for name in likely:
        totals = found["totals"][name]
        yield {
            "name": name,
            "left_out": name in found["left_out"],
            "p_cheapest": found["p_cheapest"][name],
            "expected_regret": found["expected_regret"].get(name),
            "totals": [totals[each] for each in ("per_month", "year_1", "over_horizon")],
        }


def _says(found: Mapping[str, Any], currency: str) -> Iterator[str]:
    """Yield the three sentences that matter: who wins how often, what sways it, what to find out."""
    likely = max(found["p_cheapest"], key=lambda name: found["p_cheapest"][name])
    yield f"{likely} is the cheapest in {percent(found['p_cheapest'][likely])} of the futures drawn."
    subject = found["subject"]
    if subject != likely and subject in found["expected_regret"]:
        regret = money(found["expected_regret"][subject], currency)
        yield f"Staying with {subject} is expected to cost {regret} a month more than what turns out cheapest."
    turning = [
        r["what"] for r in found["tornado"] if (r["saves_at_low"] < 0) != (r["saves_at_high"] < 0)
    ]
    if turning:
        yield f"Alone, {_list(turning)} could turn the answer."
    elif found["tornado"]:
        yield "No single unknown turns the answer within its range."
    yield from _worth(found, currency)


def _worth(found: Mapping[str, Any], currency: str) -> Iterator[str]:
    worth = {row["what"]: row["worth_per_month"] for row in found["worth_of_knowing"]}
    if worth.get("throughput", 0) >= 1:
        yield (
            "A two-day benchmark, which tells the throughput, is worth up to "
            f"{money(round(worth['throughput']), currency)} a month."
        )
    most = max(worth, key=lambda what: worth[what], default=None)
    if most is not None and most != "throughput" and worth[most] >= 1:
        yield f"Knowing {most} exactly would be worth up to {money(round(worth[most]), currency)} a month."


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
