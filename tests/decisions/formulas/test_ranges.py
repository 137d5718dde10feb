"""The draws: repeatable, summing to one, and worth nothing where nothing is uncertain."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest

from decisions.formulas.lines import Line, Nature, Part
from decisions.formulas.ranges import Costs, draw


@dataclass(frozen=True)
class Each:
    holds: float
    band: tuple[float, float] = (0.7, 1.2)

    def replicas(self, scales):
        return np.maximum(1.0, np.ceil(scales / self.holds))


def line(nature, **more):
    return Line(part=Part.OTHER, nature=nature, unit="", price=Decimal(1), price_says="", **more)


def api(amount, source="A"):
    return Costs(
        lines=[line(Nature.API_PRICE, scaling=Decimal(amount), source=source)], one_off=Decimal(0)
    )


def rented(amount, one_off=0):
    return Costs(lines=[line(Nature.RENT, fixed=Decimal(amount))], one_off=Decimal(one_off))


def sized(amount, holds):
    steps = line(Nature.RENT, per_replica=Decimal(amount), stairs=Each(holds))
    return Costs(lines=[steps], one_off=Decimal(0))


def drawn(draws=4000, seed=0, subject="C", **options):
    return draw(
        options=options,
        subject=subject,
        horizon_months=36,
        growth_per_month=Decimal(0),
        draws=draws,
        seed=seed,
    )


def test_probabilities_sum_to_one_and_a_close_race_is_open():
    found = drawn(A=api(1000), C=rented(1000))
    assert sum(found.p_cheapest.values()) == pytest.approx(1)
    assert 0.2 < found.p_cheapest["A"] < 0.8
    assert found.regret_p50["A"] + found.regret_p50["C"] > 0


def test_a_clear_race_is_decided():
    found = drawn(A=api(100), C=rented(5000))
    assert found.p_cheapest == {"A": 1.0, "C": 0.0}
    assert found.regret_p50["A"] == 0
    assert all(row["worth"] == 0 for row in found.worth_of_knowing)


def test_the_same_seed_gives_the_same_answer_and_another_one_another():
    first, second, third = (drawn(seed=seed, A=api(1000), C=rented(1000)) for seed in (1, 1, 2))
    assert first == second
    assert first.regret_p50 != third.regret_p50


def test_what_two_options_share_cannot_set_them_apart():
    found = drawn(A=rented(1000), C=rented(1001))
    assert found.p_cheapest == {"A": 1.0, "C": 0.0}


def test_the_widest_bar_comes_first():
    rows = drawn(A=api(1000), C=rented(1000)).tornado
    widths = [abs(row["saves_at_high"] - row["saves_at_low"]) for row in rows]
    assert widths == sorted(widths, reverse=True)
    assert {row["what"] for row in rows} == {"volume", "prices of A", "GPU rent"}


def test_knowing_is_worth_something_in_a_close_race():
    worth = {
        row["what"]: row["worth"] for row in drawn(A=api(1000), C=rented(1000)).worth_of_knowing
    }
    assert worth["volume"] > 0
    assert worth["throughput"] < worth["volume"]


def test_throughput_matters_where_machines_are_counted_by_it():
    found = drawn(A=api(1000), C=sized(250, 0.25))
    assert any(row["what"] == "throughput" for row in found.tornado)
    worth = {row["what"]: row["worth"] for row in found.worth_of_knowing}
    assert worth["throughput"] > 0


def test_set_up_can_only_be_dearer_on_the_whole():
    rows = drawn(A=api(1000), C=rented(1000, one_off=36_000)).tornado
    [row] = [row for row in rows if row["what"] == "set-up"]
    assert row["saves_at_low"] > row["saves_at_high"]


def test_one_option_alone_has_no_rival():
    found = drawn(C=rented(1000))
    assert found.tornado == []
    assert found.p_cheapest == {"C": 1.0}


def test_percentiles_are_in_order_and_regret_is_no_gain():
    found = drawn(A=api(1000), B=rented(900, one_off=9000), C=sized(250, 0.25))
    for totals in found.totals.values():
        for total in totals.values():
            assert 0 < total["p10"] <= total["p50"] <= total["p90"]
    assert all(regret >= 0 for regret in found.expected_regret.values())


def test_what_nobody_could_choose_is_never_cheapest():
    found = draw(
        options={"A": api(10), "C": rented(1000)},
        subject="C",
        horizon_months=36,
        growth_per_month=Decimal(0),
        draws=100,
        seed=0,
        left_out=["A"],
    )
    assert found.p_cheapest == {"A": 0.0, "C": 1.0}
    assert found.left_out == ["A"]
    assert "A" not in found.expected_regret
    assert found.totals["A"]["per_month"]["p50"] > 0


def test_every_range_says_why():
    found = drawn(A=api(1000), C=sized(250, 0.25))
    assert {row["what"] for row in found.spans} == {
        "volume",
        "prices of A",
        "GPU rent",
        "throughput",
    }
    assert all(row["source"] for row in found.spans)
