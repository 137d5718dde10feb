"""The one calculation: the contract's example, every refusal, and what must hold for any input."""

import copy
import io
import itertools
import json
import math
from decimal import Decimal

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.evaluation import BadInput, as_json, evaluate, parse, read
from decisions.formulas.lines import bill as add_up

from .questions import answer, bill, closed, hybrid, managed, measured_pair, pair, question


def example(**more):
    parts = hybrid("H", ("C", 0.8), ("A", 0.2))
    reserved = pair("D", 1.5, kind="reserved_gpu")
    return question(closed(), managed(), pair(), reserved, parts, chosen="C", **more)


def changed(path, value, raw=None):
    """Return the example with one value replaced, at a path such as options.2.gpus."""
    raw = copy.deepcopy(raw or example())
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = raw
    for step in parents:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    place[last] = value
    return raw


def faults(raw):
    with pytest.raises(BadInput) as refused:
        read(raw)
    return [str(fault) for fault in refused.value.faults]


# The contract's example


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


# What is refused

REFUSALS = [
    ("options.2.price_per_gpu_hour", -1, "options[2].price_per_gpu_hour: must be positive, got -1"),
    ("options.2.price_per_gpu_hour", 0, "options[2].price_per_gpu_hour: must be positive, got 0"),
    ("options.2.price_per_gpu_hour", None, "options[2].price_per_gpu_hour: missing"),
    (
        "options.2.price_per_gpu_hour",
        True,
        "options[2].price_per_gpu_hour: must be a number, got true",
    ),
    (
        "options.2.price_per_gpu_hour",
        "2.5",
        'options[2].price_per_gpu_hour: must be a number, got "2.5"',
    ),
    (
        "options.2.price_per_gpu_hour",
        math.nan,
        "options[2].price_per_gpu_hour: must be a finite number, got NaN",
    ),
    (
        "options.2.price_per_gpu_hour",
        math.inf,
        "options[2].price_per_gpu_hour: must be a finite number, got Infinity",
    ),
    ("options.0.input_per_mtok", None, "options[0].input_per_mtok: missing"),
    ("options.0.input_per_mtok", -3, "options[0].input_per_mtok: must not be negative, got -3"),
    (
        "options.2.kind",
        "gpu",
        "options[2].kind: must be one of closed_api, managed_open, serverless_gpu, rented_gpu, "
        'reserved_gpu, owned_gpu, hybrid, got "gpu"',
    ),
    ("options.2.gpu", "H1000", "options[2].gpu: unknown gpu"),
    ("options.2.quantization", "fp7", "options[2].quantization: unknown quantization"),
    (
        "options.2.pric_per_gpu_hour",
        2,
        "options[2].pric_per_gpu_hour: unknown field of rented_gpu; "
        "did you mean price_per_gpu_hour",
    ),
    ("options.1.name", "A", 'options[1].name: is used twice: "A"'),
    ("options.1.name", "", "options[1].name: must be printable text"),
    ("options.1", 7, "options[1]: must be an object, got 7"),
    ("options", [], "options: must be a list with at least one, got []"),
    ("options", {}, "options: must be a list with at least one"),
    ("currency", "EURO", "currency: must be an ISO 4217 code such as EUR"),
    ("currency", "ZZZ", "currency: must be an ISO 4217 code such as EUR"),
    ("chosen", "Z", 'chosen: no option is called "Z"'),
    ("horizon_months", 1.5, "horizon_months: must be a whole number, got 1.5"),
    ("discount_rate_per_year", 10, "discount_rate_per_year: must be between 0 and 1, got 10"),
    (
        "workload.cached_input_share",
        1.1,
        "workload.cached_input_share: must be between 0 and 1, got 1.1",
    ),
    ("workload.input_tokens_per_month", None, "workload.input_tokens_per_month: missing"),
    ("workload.peak_to_mean", 0.5, "workload.peak_to_mean: must be at least 1, got 0.5"),
    ("workload.hourly_tokens", [1, -1], "workload.hourly_tokens[1]: must not be negative, got -1"),
    ("workload.hourly_tokens", [0, 0], "workload.hourly_tokens: must have tokens"),
    ("workload.availability", 1, "workload.availability: must be below 1"),
    ("workload", [], "workload: must be an object"),
    ("options.4.parts.0.share", 0.7, "options[4].parts: shares must sum to 1, got 0.9"),
    (
        "options.4.parts.0.share",
        1.7,
        "options[4].parts[0].share: must be between 0 and 1, got 1.7",
    ),
    ("options.4.parts.0.option", "Z", 'options[4].parts[0].option: no option is called "Z"'),
    (
        "options.4.parts.0.option",
        "H",
        "options[4].parts[0].option: goes round in a circle: H → H",
    ),
    ("options.2.fallback", {"option": "Z"}, "options[2].fallback.option: no option is called"),
    ("options.2.fallback", "C", "options[2].fallback.option: an option cannot be its own fallback"),
    ("options.2.tensor_parallel", 3, "options[2].tensor_parallel: "),
    ("options.2.monthly_cost", 10, "options[2].price_per_gpu_hour: cannot stand beside"),
    ("people.loaded_cost_per_fte_year", 0, "people.loaded_cost_per_fte_year: must be positive"),
    ("checklist", {"spend": {"answer": "perhaps"}}, "checklist.spend.answer: must be one of"),
    ("checklist", {"spnd": {"answer": "yes"}}, "checklist.spnd: unknown question"),
    ("as_of", "12.3.2026", "as_of: must be a date such as 2026-03-12"),
    ("requirements", {"privat": True}, "requirements.privat: unknown field"),
]


@pytest.mark.parametrize(("path", "value", "says"), REFUSALS, ids=[each[2] for each in REFUSALS])
def test_refused(path, value, says):
    assert any(each.startswith(says) for each in faults(changed(path, value)))


def test_all_faults_are_named_at_once():
    raw = changed("options.2.price_per_gpu_hour", -1, changed("currency", "EURO"))
    assert len(faults(raw)) == 2


def test_a_wage_is_needed_where_people_are_counted():
    raw = changed("options.2.ops_fte", 0.5)
    del raw["people"]
    assert faults(raw) == ["people.loaded_cost_per_fte_year: missing; options[2].ops_fte needs it"]


def test_hybrids_in_a_circle():
    raw = question(closed(), hybrid("H", ("I", 1)), hybrid("I", ("H", 1)))
    assert any("goes round in a circle: H → I → H" in each for each in faults(raw))


def test_what_cannot_be_sized_is_refused_with_the_reason():
    small = pair(gpus=None, gpu="L40S", quantization="fp16", tensor_parallel=1)
    assert any("their number cannot be worked out" in each for each in faults(question(small)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1, "a": 2}',
        "[" * 100000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_text_that_is_no_question(text):
    with pytest.raises(BadInput):
        parse(text)


def test_a_number_beyond_all_bounds_is_refused():
    raw = parse(json.dumps(example()).replace("2.5", "1e400"))
    assert any("must be a finite number" in each for each in faults(raw))


# The command


def run(capsys, monkeypatch, text, *more):
    raw = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
    try:
        call_command("evaluate", "-", *more)
    except SystemExit as end:
        return end.code, capsys.readouterr()
    return 0, capsys.readouterr()


def test_command_prints_one_object(capsys, monkeypatch):
    code, printed = run(capsys, monkeypatch, json.dumps(example()))
    assert code == 0
    assert json.loads(printed.out)["ranking"][0] == "B"
    assert printed.err == ""


def test_command_names_each_fault(capsys, monkeypatch):
    raw = changed("options.2.price_per_gpu_hour", -1, changed("currency", "EURO"))
    code, printed = run(capsys, monkeypatch, json.dumps(raw))
    assert code == 2
    assert printed.out == ""
    assert "options[2].price_per_gpu_hour: must be positive, got -1\n" in printed.err
    assert printed.err.count("\n") == 2


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": NaN}', b"\xff\xfe", "[" * 100_000])
def test_command_refuses(capsys, monkeypatch, text):
    code, printed = run(capsys, monkeypatch, text)
    assert code == 2
    assert printed.err.count("\n") == 1


def test_command_names_a_file_that_is_not_there(capsys):
    with pytest.raises(SystemExit) as end:
        call_command("evaluate", "nowhere.json")
    assert end.value.code == 2
    assert "cannot read nowhere.json: No such file or directory" in capsys.readouterr().err


# What holds for any input

prices = st.decimals("0.01", "100", places=3).map(float)
shares = st.decimals("0", "1", places=2).map(float)
MODELS = st.sampled_from(["Llama-3.3-70B", "Llama-3.1-8B", "Qwen3-32B"])
GPUS = st.sampled_from(["H100", "A100-80GB", "L40S", "H200"])


@st.composite
def api_options(draw, name):
    return {
        "name": name,
        "kind": draw(st.sampled_from(["closed_api", "managed_open"])),
        "input_per_mtok": draw(prices),
        "output_per_mtok": draw(prices),
        "ops_fte": draw(shares),
    }


@st.composite
def gpu_options(draw, name):
    option = {
        "name": name,
        "kind": draw(st.sampled_from(["rented_gpu", "reserved_gpu", "serverless_gpu"])),
        "price_per_gpu_hour": draw(prices),
        "gpus": draw(st.sampled_from([None, 1, 2, 4, 8])),
        "gpu": "H200",
        "model": draw(MODELS),
        "quantization": draw(st.sampled_from(["fp8", "awq"])),
        "ops_fte": draw(shares),
        "setup_cost": draw(prices),
    }
    if draw(st.booleans()):
        option["measured_output_tokens_per_s"] = draw(prices) * 100
    return option


@st.composite
def questions(draw):
    share = draw(shares)
    options = [
        draw(api_options("A")),
        draw(gpu_options("C")),
        {
            "name": "H",
            "kind": "hybrid",
            "parts": [
                {"option": "C", "share": share},
                {"option": "A", "share": float(1 - Decimal(str(share)))},
            ],
        },
    ]
    volume = st.integers(0, 10**12)
    workload = {
        "input_tokens_per_month": draw(volume) + 1,
        "output_tokens_per_month": draw(volume),
        "peak_to_mean": draw(st.sampled_from([1, 3, 50])),
        "growth_per_month": draw(st.sampled_from([0, -0.1, 0.1])),
        "availability": draw(st.sampled_from([None, 0.99, 0.9999])),
        "peak_concurrent_requests": draw(st.sampled_from([None, 1, 500])),
        "cached_input_share": draw(shares),
        "batch_share": draw(shares),
    }
    return {
        "currency": "EUR",
        "workload": workload,
        "people": {"loaded_cost_per_fte_year": 100_000},
        "options": options,
        "chosen": draw(st.sampled_from([None, "A", "C", "H"])),
    }


def no_nonsense(value):
    """Fail on NaN and Infinity anywhere in an answer."""
    json.dumps(value, allow_nan=False)


@given(questions())
@settings(max_examples=80, deadline=None)
def test_what_is_accepted_is_answered_with_numbers(raw):
    try:
        asked = read(raw)
    except BadInput:
        return
    no_nonsense(as_json(evaluate(asked, draws=50)))


@given(questions(), st.sampled_from(["A", "C"]))
@settings(max_examples=60, deadline=None)
def test_cost_never_falls_when_a_price_rises(raw, name):
    dearer = copy.deepcopy(raw)
    option = next(each for each in dearer["options"] if each["name"] == name)
    field = "output_per_mtok" if name == "A" else "price_per_gpu_hour"
    option[field] *= 1.5
    try:
        before, after = (evaluate(read(each), draws=0) for each in (raw, dearer))
    except BadInput:
        return
    for old, new in zip(before.figures, after.figures, strict=True):
        assert new.total >= old.total
        assert new.npv_cost >= old.npv_cost


@given(questions())
@settings(max_examples=60, deadline=None)
def test_bills_are_equal_at_a_break_even_unless_it_is_a_step(raw):
    try:
        found = evaluate(read(raw), draws=0)
    except BadInput:
        return
    for point in found.break_evens[:50]:
        one, other = point.bills
        if not point.at_step:
            assert float(one) == pytest.approx(float(other), rel=1e-6, abs=0.01)


@given(questions())
@settings(max_examples=40, deadline=None)
def test_the_cheaper_option_changes_only_at_listed_break_evens(raw):
    """Walk a fine grid of volumes: between two break-evens the same option stays the cheaper one."""
    raw["options"] = raw["options"][:2]
    try:
        found = evaluate(read(raw), draws=0)
    except BadInput:
        return
    today = float(found.question.workload.tokens_per_month)
    points = [each.tokens_per_month for each in found.break_evens]
    changes, last = 0, None
    for exponent in range(281):
        scale = Decimal(10 ** (6 + exponent / 40) / today)
        a, c = (add_up(each.lines, scale=scale).total for each in found.figures)
        if abs(a - c) <= Decimal("1e-9") * max(a, c):
            continue
        if last is not None and (a < c) != last:
            changes += 1
        last = a < c
    assert changes <= len(points)
    assert (changes - len(points)) % 2 == 0


@given(questions(), st.sampled_from(["A", "C"]))
@settings(max_examples=40, deadline=None)
def test_a_hybrid_with_everything_in_one_part_is_that_part(raw, name):
    parts = [{"option": each, "share": float(each == name)} for each in ("A", "C")]
    raw["options"][2]["parts"] = parts
    try:
        found = evaluate(read(raw), draws=0).by_name
    except BadInput:
        return
    whole, part = found["H"], found[name]
    assert whole.per_month == part.per_month
    assert (whole.one_off, whole.npv_cost) == (part.one_off, part.npv_cost)
    assert [each.utilisation for each in whole.serving] == [
        each.utilisation for each in part.serving
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    path=st.sampled_from(
        [
            "workload",
            "workload.hourly_tokens",
            "options.0.input_per_mtok",
            "options.2.gpus",
            "options.2.spot",
            "options.2.fallback",
            "options.4.parts",
            "options.4.parts.0.option",
            "options.1",
            "checklist",
            "requirements",
            "chosen",
            "as_of",
            "horizon_months",
            "workload.mean_input_tokens",
            "options.2.measured_output_tokens_per_s",
            "people",
        ]
    ),
    value=JSON,
)
@settings(max_examples=300, deadline=None)
def test_anything_at_all_is_answered_or_refused(path, value):
    try:
        asked = read(changed(path, value))
    except BadInput:
        return
    no_nonsense(as_json(evaluate(asked, draws=10)))


def test_a_known_bill_follows_the_tokens_for_an_api_and_stays_for_machines():
    found = answer(bill("api", 1000), bill("own", 1000, kind="rented_gpu"))
    point = found.break_even("api", "own")
    assert point == pytest.approx(1.3e9)
