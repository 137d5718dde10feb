"""The one calculation: the contract's example, and options of every kind."""

import itertools

import pytest

from decisions.evaluation import as_json, evaluate, read

from .questions import answer, bill, closed, example, hybrid, managed, measured_pair, pair


def test_example_costs():
    found = evaluate(read(example()), draws=0)
    totals = {each.name: each.total for each in found.figures}
    assert totals == {"A": 7500, "B": 740, "C": 3650, "D": 2190, "H": 5150}
    assert found.ranking == ("B", "D", "C", "H", "A")


def test_example_rented():
    c = next(each for each in as_json(evaluate(read(example())))["options"] if each["name"] == "C")
    assert c["per_month"] == {
        "tokens": 0.0,
        "gpus": 3650.0,
        "people": 0.0,
        "other": 0.0,
        "total": 3650.0,
    }
    assert (c["one_off"], c["year_1"], c["run_rate_year"]) == (0.0, 43800.0, 43800.0)
    assert c["npv_cost"] == 113830.57
    assert c["per_mtok"] == 2.807692
    assert (c["gpus"], c["replicas"], c["fits"], c["binding"]) == (2, 1, True, "memory")
    assert c["utilisation"] == pytest.approx(0.05, abs=0.01)
    assert c["memory"]["kv_bytes_per_token"] == 327680
    assert c["memory"]["max_concurrent_requests"] == 189
    assert c["dominated_by"] == ["B", "D"]
    assert c["regret_per_month"] == 2910.0


def test_example_break_even_and_payback():
    found = answer(*example()["options"])
    point = next(each for each in found["break_evens"] if each["between"] == ["B", "C"])
    assert point["tokens_per_month"] == pytest.approx(6412162162, rel=1e-9)
    assert point["cheaper_above"] == "C"
    assert point["within_capacity"] is True
    assert point["monthly_cost"] == [3650.0, 3650.0]
    assert found.payback("A", "C")["months"] == 0.0


def test_every_money_figure_has_its_sum():
    found = as_json(evaluate(read(example()), draws=0))
    sums = {each["for"]: each for each in found["arithmetic"]}
    assert sums["C.per_month.gpus"] == {
        "for": "C.per_month.gpus",
        "is": "2 GPUs × 2.50 EUR/GPU-hour × 730 h",
        "gives": 3650.0,
    }
    for option in found["options"]:
        for part, amount in option["per_month"].items():
            key = f"{option['name']}.per_month.{part}"
            assert sums[key]["gives"] == amount if amount else key not in sums
        for figure in ("one_off", "year_1", "run_rate_year", "npv_cost", "per_mtok"):
            assert sums[f"{option['name']}.{figure}"]["gives"] == option[figure]


def test_defaults_are_listed():
    raw = example()
    del raw["workload"]["peak_to_mean"], raw["horizon_months"]
    assumed = as_json(evaluate(read(raw), draws=0))["assumed"]
    assert "workload.peak_to_mean = 3.0" in assumed
    assert "horizon_months = 36" in assumed
    assert "options[2].hours_per_month = 730" in assumed


def test_nothing_stated_is_listed_as_assumed():
    assert not any("peak_to_mean" in each for each in read(example()).assumed)


def test_same_seed_same_answer():
    first, second = (as_json(evaluate(read(example()), draws=500, seed=7)) for _ in range(2))
    assert first == second


def test_without_draws_there_is_no_uncertainty():
    assert as_json(evaluate(read(example()), draws=0))["uncertainty"] is None


# Options of each kind


def test_cached_input_and_batch():
    option = closed(cached_input_per_mtok=0.3, batch_discount=0.5)
    shares = {"cached_input_share": 0.5, "batch_share": 0.2}
    assert answer(option, workload=shares).total("A") == pytest.approx(
        (500 * 3 + 500 * 0.3 + 300 * 15) * (0.8 + 0.2 * 0.5)
    )


def test_owned_gpus():
    owned = {
        "name": "O",
        "kind": "owned_gpu",
        "gpus": 2,
        "purchase_per_gpu": 24_000,
        "residual_share": 0,
        "lifetime_years": 4,
        "cost_of_capital": 0,
        "kw_per_gpu": 1,
        "pue": 1,
        "price_per_kwh": 0.2,
        "colo_per_kw_month": 100,
        "annual_failure_rate": 0.05,
    }
    found = answer(owned)
    assert found.total("O") == 2 * (500 + 146 + 100 + 100)
    assert found.option("O")["fits"] is None
    assert any("capacity unknown" in each for each in found["assumed"])


def test_serverless_pays_for_the_hours_it_is_busy():
    terms = {"kind": "serverless_gpu", "gpus": None, "tensor_parallel": 2, "price_per_gpu_hour": 4}
    option = pair("S", measured_output_tokens_per_s=2151, **terms)
    busy = 1.3e9 / (2151 * (1300 / 300) * 3600 * 730)
    expected = busy * 1.5 * 2 * 4 * 730
    assert answer(option).total("S") == pytest.approx(expected, rel=1e-4)


def test_upfront_is_paid_once_or_over_its_term():
    once = answer(pair(upfront_cost=12_000)).option("C")
    spread = answer(pair(upfront_cost=12_000, term_months=24)).option("C")
    assert (once["one_off"], once["per_month"]["total"]) == (12_000, 3650)
    assert (spread["one_off"], spread["per_month"]["total"]) == (0, 4150)


def test_fallback_takes_its_share():
    found = answer(managed(), pair(fallback={"option": "B", "share": 0.1}, other_monthly=100))
    assert found.option("C")["per_month"]["other"] == 174
    assert found.option("C")["utilisation"] < answer(pair()).option("C")["utilisation"]


def test_hybrid_of_an_option_of_its_own():
    inline = {"kind": "rented_gpu", "gpus": 1, "price_per_gpu_hour": 2}
    found = answer(closed(), hybrid("H", (inline, 0.5), ("A", 0.5), setup_cost=500))
    assert found.total("H") == 1460 + 3750
    assert found.option("H")["one_off"] == 500


def test_growth_enters_the_present_value_only():
    still, growing = (answer(closed(), workload={"growth_per_month": g}) for g in (0, 0.05))
    assert growing.total("A") == still.total("A")
    assert growing.option("A")["npv_cost"] > 1.5 * still.option("A")["npv_cost"]


def test_rent_climbs_in_steps_and_every_crossing_is_found():
    """The managed price lies between an idle and a full pair: each new pair crosses anew."""
    found = answer(
        {"name": "B", "kind": "managed_open", "input_per_mtok": 0.8, "output_per_mtok": 0.8},
        measured_pair(),
    )["break_evens"]
    assert len(found) > 3
    assert any(each["at_step"] for each in found)
    sides = [each["cheaper_above"] for each in found]
    assert all(first != second for first, second in itertools.pairwise(sides))


def test_a_fixed_pair_is_out_of_capacity_at_a_far_break_even():
    cheap = {"name": "B", "kind": "managed_open", "input_per_mtok": 0.05, "output_per_mtok": 0.05}
    [point] = answer(cheap, pair())["break_evens"]
    assert point["within_capacity"] is False


def test_a_known_bill_follows_the_tokens_for_an_api_and_stays_for_machines():
    found = answer(bill("api", 1000), bill("own", 1000, kind="rented_gpu"))
    point = found.break_even("api", "own")
    assert point == pytest.approx(1.3e9)
