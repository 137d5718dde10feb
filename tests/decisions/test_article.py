"""Every figure of the break-even article that concerns money, through the product's own face.

Where the article contradicts its own inputs, the expected figure is what follows from the inputs.
"""

import csv
from pathlib import Path

import pytest

from decisions.article import FIGURES, cases
from decisions.article.money import at_forty_percent, managed_hybrid
from decisions.evaluation import BadInput, read

from .questions import (
    answer,
    bill,
    closed,
    evaluated,
    managed,
    measured_pair,
    pair,
    question,
)

SMALL = {"millions_in": 100, "millions_out": 30}


def rows():
    with (Path(__file__).parent / "article_cases.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_figure_is_expected_and_shown():
    in_words = {f.id for case in cases() for f in case.figures if f.unit == "text"}
    assert {row["id"] for row in rows()} | in_words == set(FIGURES)
    assert [f.id for case in cases() for f in case.figures] == sorted(
        FIGURES, key=[f.id for case in cases() for f in case.figures].index
    )
    assert len(cases()) == len({case.id for case in cases()}) == 59


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
