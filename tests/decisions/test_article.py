"""Every figure of the break-even article that concerns money, through the product's own face.

Where the article contradicts its own inputs, the expected figure is what follows from the inputs.
"""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest

from decisions.evaluation import BadInput, read
from decisions.formulas import drift, people, spot
from decisions.formulas.bills import HOURS_PER_MONTH

from .questions import (
    answer,
    bill,
    closed,
    evaluated,
    hybrid,
    managed,
    measured_pair,
    pair,
    question,
)

SMALL = {"millions_in": 100, "millions_out": 30}


def reserved(name="D", price=1.5, **more):
    return pair(name, price, kind="reserved_gpu", **more)


def rows():
    with (Path(__file__).parent / "article_cases.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def gpus(option):
    return answer(option).option(option["name"])["per_month"]["gpus"]


def number_in(text, pattern):
    found = re.search(pattern, text)
    assert found, text
    return float(found[1].replace(",", ""))


def threshold(fte, wage):
    """The sum that the first question of the checklist compares API spend with."""
    says = answer(closed(), pair(ops_fte=fte), fte=wage)["checklist"]["spend"]["why"]
    return number_in(says, r"threshold of this team is EUR ([\d,]+)")


def at_forty_percent(total_millions):
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


def team(spend_kept):
    """The team of the worked example, keeping a share of its spend on the closed API."""
    machines = bill("own", 4500, kind="reserved_gpu", gpus=3, setup_cost=25_000, ops_fte=0.25)
    parts = [
        {"option": machines, "share": 1 - spend_kept},
        {"option": "old", "share_of_spend": spend_kept},
    ]
    new = {"name": "new", "kind": "hybrid", "parts": parts}
    return answer(bill("old", 18_000), new, millions_in=2400, millions_out=720)


def printed():
    return team(1 / 12)


def corrected():
    return team(0.2)


def saving_without_people(found):
    """What the team saves before its engineering is counted."""
    return found.payback("old", "new")["saves_per_month"] + 2500


def stops_paying(found):
    return found.break_even("old", "new") / 3.12e9


def managed_hybrid():
    return answer(
        closed(),
        managed(),
        hybrid("M", ("B", 0.8), ("A", 0.2)),
        bill("own", 4500, kind="reserved_gpu", gpus=3, ops_fte=0.25),
        hybrid("S", ("own", 0.8), ("A", 0.2)),
        millions_in=2400,
        millions_out=720,
    )


def on_spot(discount=0.6, **more):
    terms = {"interruptions_per_month": 182, "recovery_minutes": 10, "drained": False}
    option = pair("C", spot={"discount": discount, **terms}, fallback="B", **more)
    return answer(managed(), option)


def second_team():
    own = bill("own", 3000, kind="rented_gpu", ops_fte=1 / 6)
    monthly = float(drift.drift_per_month(factor=Decimal("0.5"), months=18))
    then = bill("then", 5000, kind="managed_open", price_drift_per_month=monthly)
    return answer(own, then, horizon_months=18, chosen="own")


def left():
    return answer(
        bill("own", 3000, kind="rented_gpu", ops_fte=1 / 6), bill("now", 2500, kind="managed_open")
    )


def tuned_over_default():
    found = answer(pair("tuned", tuned=True), pair("default", tuned=False))
    made = [
        found.option(name)["throughput"]["output_tokens_per_s"]["p50"]
        for name in ("tuned", "default")
    ]
    return made[0] / made[1]


def spiky(hours):
    profile = [10] * hours + [1] * (24 - hours)
    return answer(closed(), workload={"hourly_tokens": profile})["workload"]["peak_to_mean"]


def loaded_to(share):
    """GPUs of the measured pair when a flat load asks for a share of its full load."""
    full = answer(measured_pair()).option("C")["throughput"]["tokens_per_month_at_full_load"]
    millions = full * share / 1e6
    return answer(
        measured_pair(),
        millions_in=millions * 10 / 13,
        millions_out=millions * 3 / 13,
        workload={"peak_to_mean": 1},
    ).option("C")


def headroom():
    """The highest share of full load that one pair takes, by halving."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if loaded_to(middle)["gpus"] == 2 else (low, middle)
    return low


def once(weeks, wage):
    return answer(pair(setup_weeks=weeks, setup_people=1), fte=wage).option("C")["one_off"]


def operations(fte, wage):
    return answer(pair(ops_fte=fte), fte=wage).option("C")["per_month"]["people"]


def net(saving, engineering):
    """What is left of a saving once the engineering is counted."""
    own = bill("own", 20_000 - saving, kind="rented_gpu", ops_fte=1)
    found = answer(bill("old", 20_000), own, fte=engineering * 12)
    return found.payback("old", "own")["saves_per_month"]


def room_for_people():
    says = answer(bill("old", 8650), pair()).mistake("no-people-cost")
    return number_in(says, r"pays for ([\d.]+) FTE")


def engineers(wage):
    return people.engineers_in(
        setup_cost=Decimal(25_000), weeks=Decimal(4), loaded_cost_per_fte_year=Decimal(wage)
    )


def base():
    return answer(closed(), managed(), pair(), reserved())


FIGURES = {
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
    "S53": tuned_over_default,
    "S54a": lambda: spiky(1),
    "S54b": lambda: spiky(8),
    "S57": lambda: gpus(pair(price=1)) / 2,
}


def spot_terms(discount):
    return {
        "discount": discount,
        "interruptions_per_month": 0,
        "recovery_minutes": 10,
        "drained": True,
    }


def test_every_case_has_a_figure():
    assert {row["id"] for row in rows()} == set(FIGURES)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_figure(row):
    expected, tolerance = float(row["expected"]), float(row["tolerance"])
    found = float(FIGURES[row["id"]]())
    assert found == pytest.approx(expected, rel=max(tolerance, 1e-9)), row["what"]


def test_no_constant_decides_when_self_hosting_is_considered():
    """S11: the same API spend is a yes for one team and a no for another."""
    answers = [
        answer(bill("api", 7000), pair(ops_fte=fte))["checklist"]["spend"]["answer"]
        for fte in (0, 1)
    ]
    assert answers == ["yes", "no"]


def test_missing_operations_are_flagged():
    """S19: blank and zero alike."""
    blank = pair("C")
    del blank["ops_fte"]
    for option in (blank, pair("C", ops_fte=0)):
        assert answer(closed(), option).mistake("no-people-cost")


def test_at_thirteen_billion_managed_still_wins_and_at_a_hundred_it_does_not():
    """S13: the number of GPUs is worked out anew, so the ranking turns late."""
    assert at_forty_percent(13_000)["ranking"][0] == "B"
    assert at_forty_percent(100_000)["ranking"] == ["D", "C", "B"]


def test_self_hosting_is_dominated_by_a_managed_hybrid():
    """S46: the article's success story, at the article's own prices."""
    assert "M" in managed_hybrid().option("S")["dominated_by"]


def test_privacy_lifts_the_domination():
    """S46: unless the data must not leave."""
    found = answer(closed(), managed(), pair(ops_fte=0.25), requirements={"privacy": True})
    assert found.option("C")["dominated_by"] == []


def test_tensor_parallel_of_three_is_refused_with_the_reason():
    """S47: and with what can be done instead."""
    with pytest.raises(BadInput) as refused:
        read(question(pair(gpus=3, tensor_parallel=3)))
    [fault] = refused.value.faults
    assert fault.path == "options[0].tensor_parallel"
    assert "8 KV heads" in fault.says or "attention heads" in fault.says or "GPUs" in fault.says
    assert "single-GPU replicas" in fault.says


def test_three_gpus_are_priced_as_three_and_run_as_whole_replicas():
    """S47: three single-GPU replicas, or a pair and a spare."""
    found = answer(pair(gpus=3, price=1.5)).option("C")
    assert found["gpus"] == 3
    assert found["replicas"] in (1, 3)


def test_spiky_load_needs_more_machines():
    """S54: the same tokens in fewer hours."""
    steady, peaky = (
        answer(
            measured_pair(),
            millions_in=10_000,
            millions_out=3_000,
            workload={"hourly_tokens": profile},
        ).option("C")["gpus"]
        for profile in ([1] * 24, [10] + [1] * 23)
    )
    assert peaky > 3 * steady


def test_a_model_that_does_not_exist_is_refused_and_near_ones_offered():
    """S56: the last dense 70B is Llama 3.3."""
    with pytest.raises(BadInput) as refused:
        read(question(pair(model="Llama 4 70B")))
    [fault] = refused.value.faults
    assert fault.path == "options[0].model"
    assert "Llama-3.3-70B" in fault.says


def test_most_yes_is_not_enough_without_the_gates():
    """S55: six of nine may be yes and the advice is still to stay."""
    yes = {"answer": "yes"}
    own = dict.fromkeys(("spend", "steady", "expertise", "model-quality", "latency"), yes)
    found = evaluated(
        closed(), pair(ops_fte=0.25), chosen="C", checklist=own | {"fallback": {"answer": "no"}}
    )
    assert found.reading.yes >= 5
    assert "fallback plan" in found.reading.gates_missing
    assert found.advice.startswith("Stay on APIs")
