"""The article's figures of money and load, each through the evaluation that every decision uses."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from decisions.article.asking import (
    Answer,
    Option,
    answer,
    bill,
    closed,
    hybrid,
    managed,
    measured_pair,
    pair,
)
from decisions.formulas import drift, people, spot
from decisions.formulas.bills import HOURS_PER_MONTH

SMALL: dict[str, Any] = {"millions_in": 100, "millions_out": 30}


def reserved(name: str = "D", price: float = 1.5, **more: Any) -> Option:
    """The same pair, reserved."""
    return pair(name, price, kind="reserved_gpu", **more)


def gpus(option: Option) -> float:
    """What an option pays for GPUs a month."""
    return float(answer(option).option(option["name"])["per_month"]["gpus"])


def number_in(text: str, pattern: str) -> float:
    """The number that a sentence of the evaluation holds."""
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"{pattern} is not in: {text}")
    return float(found[1].replace(",", ""))


def threshold(fte: float, wage: float) -> float:
    """The sum that the first question of the checklist compares API spend with."""
    says = answer(closed(), pair(ops_fte=fte), fte=wage)["checklist"]["spend"]["why"]
    return number_in(says, r"threshold of this team is EUR ([\d,]+)")


def at_forty_percent(total_millions: float) -> Answer:
    """The measured pair at a load that leaves it at 40 % of what it can do."""
    return answer(
        managed(),
        measured_pair("C", 2.5, ops_fte=0.5),
        measured_pair("D", 1.5, ops_fte=0.5),
        millions_in=total_millions * 10 / 13,
        millions_out=total_millions * 3 / 13,
        fte=150_000,
        workload={"peak_to_mean": 5 / 3},
    )


def team(spend_kept: float) -> Answer:
    """The team of the worked example, keeping a share of its spend on the closed API."""
    machines = bill("own", 4500, kind="reserved_gpu", gpus=3, setup_cost=25_000, ops_fte=0.25)
    parts = [
        {"option": machines, "share": 1 - spend_kept},
        {"option": "old", "share_of_spend": spend_kept},
    ]
    new = {"name": "new", "kind": "hybrid", "parts": parts}
    return answer(bill("old", 18_000), new, millions_in=2400, millions_out=720)


def printed() -> Answer:
    """The first team with the article's own 1,500 EUR."""
    return team(1 / 12)


def corrected() -> Answer:
    """The first team with a fifth of its spend."""
    return team(0.2)


def saving_without_people(found: Answer) -> float:
    """What the team saves before its engineering is counted."""
    return float(found.payback("old", "new")["saves_per_month"]) + 2500


def stops_paying(found: Answer) -> float:
    """The share of today's volume at which the first team would go back."""
    return found.break_even("old", "new") / 3.12e9


def managed_hybrid() -> Answer:
    """The alternative that the first team did not look at, beside its own."""
    return answer(
        closed(),
        managed(),
        hybrid("M", ("B", 0.8), ("A", 0.2)),
        bill("own", 4500, kind="reserved_gpu", gpus=3, ops_fte=0.25),
        hybrid("S", ("own", 0.8), ("A", 0.2)),
        millions_in=2400,
        millions_out=720,
    )


def on_spot(discount: float = 0.6, **more: Any) -> Answer:
    """The pair on spot, reclaimed every four hours, with a fallback."""
    terms = {"interruptions_per_month": 182, "recovery_minutes": 10, "drained": False}
    option = pair("C", spot={"discount": discount, **terms}, fallback="B", **more)
    return answer(managed(), option)


def second_team() -> Answer:
    """The second team: a managed price that falls by half in 18 months."""
    own = bill("own", 3000, kind="rented_gpu", ops_fte=1 / 6)
    monthly = float(drift.drift_per_month(factor=Decimal("0.5"), months=18))
    then = bill("then", 5000, kind="managed_open", price_drift_per_month=monthly)
    return answer(own, then, horizon_months=18, chosen="own")


def left() -> Answer:
    """The second team on the day that it went back."""
    return answer(
        bill("own", 3000, kind="rented_gpu", ops_fte=1 / 6), bill("now", 2500, kind="managed_open")
    )


def spiky(hours: int) -> float:
    """Peak over mean where the load is ten times as high for some hours a day."""
    profile = [10] * hours + [1] * (24 - hours)
    return float(answer(closed(), workload={"hourly_tokens": profile})["workload"]["peak_to_mean"])


def loaded_to(share: float) -> dict[str, Any]:
    """GPUs of the measured pair when a flat load asks for a share of its full load."""
    full = answer(measured_pair()).option("C")["throughput"]["tokens_per_month_at_full_load"]
    millions = full * share / 1e6
    return answer(
        measured_pair(),
        millions_in=millions * 10 / 13,
        millions_out=millions * 3 / 13,
        workload={"peak_to_mean": 1},
    ).option("C")


def headroom() -> float:
    """The highest share of full load that one pair takes, by halving."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if loaded_to(middle)["gpus"] == 2 else (low, middle)
    return low


def once(weeks: float, wage: float) -> float:
    """What one person's weeks of setting up cost."""
    found = answer(pair(setup_weeks=weeks, setup_people=1), fte=wage)
    return float(found.option("C")["one_off"])


def operations(fte: float, wage: float) -> float:
    """What operating costs a month."""
    return float(answer(pair(ops_fte=fte), fte=wage).option("C")["per_month"]["people"])


def net(saving: float, engineering: float) -> float:
    """What is left of a saving once the engineering is counted."""
    own = bill("own", 20_000 - saving, kind="rented_gpu", ops_fte=1)
    found = answer(bill("old", 20_000), own, fte=engineering * 12)
    return float(found.payback("old", "own")["saves_per_month"])


def room_for_people() -> float:
    """The FTE at which a saving of 5,000 EUR a month is used up."""
    says = answer(bill("old", 8650), pair()).mistake("no-people-cost") or ""
    return number_in(says, r"pays for ([\d.]+) FTE")


def engineers(wage: float) -> float:
    """How many people four weeks of set-up for 25,000 EUR pay for."""
    found = people.engineers_in(
        setup_cost=Decimal(25_000), weeks=Decimal(4), loaded_cost_per_fte_year=Decimal(wage)
    )
    return float(found or 0)


def base() -> Answer:
    """The four options of the example."""
    return answer(closed(), managed(), pair(), reserved())


FIGURES: dict[str, Callable[[], float | Decimal]] = {
    "S01": lambda: answer(closed(), **SMALL).total("A"),
    "S02": lambda: answer(closed()).total("A"),
    "S03": lambda: answer(managed()).total("B"),
    "S04": lambda: 1 - base().total("B") / base().total("A"),
    "S05": lambda: gpus(pair(price=2.5)),
    "S05-low": lambda: gpus(pair(price=2)),
    "S05-high": lambda: gpus(pair(price=3)),
    "S06": lambda: gpus(reserved(price=1.5)),
    "S06-low": lambda: gpus(reserved(price=1)),
    "S06-high": lambda: gpus(reserved(price=2)),
    "S07": lambda: base().total("D") / base().total("B"),
    "S07-rented": lambda: base().total("C") / base().total("B"),
    "S07-tie": lambda: base().option("D")["price_per_gpu_hour_to_tie"],
    "S08": lambda: base()["workload"]["tokens_per_month"],
    "S09-input": lambda: base()["markups"][0]["input"],
    "S09-output": lambda: base()["markups"][0]["output"],
    "S09-blended": lambda: base()["markups"][0]["blended"],
    "S10-rented": lambda: base().break_even("B", "C"),
    "S10-reserved": lambda: base().break_even("B", "D"),
    "S10-rented-ops": lambda: answer(managed(), pair(ops_fte=0.25), fte=150_000).break_even(
        "B", "C"
    ),
    "S10-reserved-ops": lambda: answer(managed(), reserved(ops_fte=0.25), fte=150_000).break_even(
        "B", "D"
    ),
    "S11-low": lambda: threshold(0.25, 100_000),
    "S11-high": lambda: threshold(0.5, 150_000),
    "S12-capacity": lambda: answer(measured_pair()).option("C")["throughput"][
        "tokens_per_month_at_full_load"
    ],
    "S12-use": lambda: answer(measured_pair()).option("C")["utilisation"],
    "S13a-pairs": lambda: at_forty_percent(13_000).option("C")["replicas"],
    "S13a-rented": lambda: at_forty_percent(13_000).total("C"),
    "S13a-reserved": lambda: at_forty_percent(13_000).total("D"),
    "S13a-managed": lambda: at_forty_percent(13_000).total("B"),
    "S13b-pairs": lambda: at_forty_percent(100_000).option("C")["replicas"],
    "S13b-rented": lambda: at_forty_percent(100_000).total("C"),
    "S13b-reserved": lambda: at_forty_percent(100_000).total("D"),
    "S13b-managed": lambda: at_forty_percent(100_000).total("B"),
    "S14-closed": lambda: answer(closed(), **SMALL).total("A"),
    "S14-managed": lambda: answer(managed(), **SMALL).total("B"),
    "S14-rented": lambda: answer(pair(), **SMALL).total("C"),
    "S15-total": lambda: base()["workload"]["tokens_per_second"],
    "S15-output": lambda: base()["workload"]["output_tokens_per_second"],
    "S16-low": lambda: once(1, 100_000),
    "S16-high": lambda: once(4, 200_000),
    "S17-low": lambda: operations(0.25, 100_000),
    "S17-high": lambda: operations(1, 200_000),
    "S18": lambda: net(5_000, 15_000),
    "S18-flip": room_for_people,
    "S19": lambda: net(10_000, 15_000),
    "S31": headroom,
    "S32-low": lambda: gpus(pair(spot=spot_terms(0.7))),
    "S32": lambda: gpus(pair(spot=spot_terms(0.6))),
    "S32-high": lambda: gpus(pair(spot=spot_terms(0.5))),
    "S33-hours": lambda: on_spot().option("C")["downtime_hours"],
    "S33-availability": lambda: on_spot().option("C")["availability"],
    "S33-fallback": lambda: on_spot().option("C")["per_month"]["other"],
    "S34": lambda: answer(bill("own", 4500, kind="reserved_gpu", gpus=3)).option("own")[
        "price_per_gpu_hour"
    ],
    "S35": lambda: corrected().option("new")["per_month"]["tokens"],
    "S36": lambda: corrected().total("new") - corrected().option("new")["per_month"]["people"],
    "S37-month": lambda: saving_without_people(corrected()),
    "S37-year": lambda: 12 * saving_without_people(corrected()),
    "S37-article-month": lambda: saving_without_people(printed()),
    "S37-article-year": lambda: 12 * saving_without_people(printed()),
    "S38-once": lambda: printed().option("new")["one_off"],
    "S38-yearly": lambda: 12 * printed().option("new")["per_month"]["people"],
    "S39-year-1": lambda: printed().payback("old", "new")["saves_year_1"],
    "S39-later": lambda: printed().payback("old", "new")["saves_run_rate_year"],
    "S39-corrected-year-1": lambda: corrected().payback("old", "new")["saves_year_1"],
    "S39-corrected-later": lambda: corrected().payback("old", "new")["saves_run_rate_year"],
    "S40": lambda: printed().payback("old", "new")["months"],
    "S40-corrected": lambda: corrected().payback("old", "new")["months"],
    "S41": lambda: printed().payback("old", "new")["saved_after_6_months"],
    "S41-corrected": lambda: corrected().payback("old", "new")["saved_after_6_months"],
    "S42": lambda: printed().payback("old", "new")["saves_npv"],
    "S42-corrected": lambda: corrected().payback("old", "new")["saves_npv"],
    "S43": lambda: 12 * operations(0.25, 120_000),
    "S44-low": lambda: engineers(200_000),
    "S44-high": lambda: engineers(100_000),
    "S45": lambda: stops_paying(printed()),
    "S45-corrected": lambda: stops_paying(corrected()),
    "S46": lambda: managed_hybrid().total("M"),
    "S46-regret": lambda: managed_hybrid().payback("S", "M")["saves_per_month"],
    "S48": lambda: spot.availability(downtime_hours=Decimal(2), hours=6 * HOURS_PER_MONTH),
    "S49-own": lambda: left().total("own"),
    "S49-year": lambda: left().payback("own", "now")["saves_run_rate_year"],
    "S49-share": lambda: 1 - left().total("now") / left().total("own"),
    "S50-decline": lambda: 1 - (1 + drift.drift_per_month(factor=Decimal("0.5"), months=18)) ** 12,
    "S50-flip": lambda: second_team()["flips"][0]["month"],
    "S51-never": lambda: second_team()["flips"][0]["cost_by_horizon"],
    "S51-quarterly": lambda: second_team()["flips"][0]["cost_by_next_review"],
    "S54a": lambda: spiky(1),
    "S54b": lambda: spiky(8),
    "S57": lambda: gpus(pair(price=1)) / 2,
}


def spot_terms(discount: float) -> dict[str, Any]:
    """A discount without interruptions."""
    return {
        "discount": discount,
        "interruptions_per_month": 0,
        "recovery_minutes": 10,
        "drained": True,
    }
