"""What holds for any input."""

import copy
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.evaluation import BadInput, as_json, evaluate, read
from decisions.formulas.lines import bill as add_up

from ..questions import changed

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


SIZES = st.integers(-1, 10**400) | st.integers(0, 300) | st.none() | st.text(max_size=2)


@given(
    sizes=st.fixed_dictionaries(
        {
            "num_hidden_layers": SIZES,
            "num_attention_heads": SIZES,
            "hidden_size": SIZES,
            "num_key_value_heads": SIZES,
            "head_dim": SIZES,
            "num_experts": SIZES,
            "kv_lora_rank": SIZES,
        }
    ),
    params=st.floats(),
    active=st.none() | st.floats(1, 1e12),
)
@settings(max_examples=200, deadline=None)
def test_any_model_of_the_teams_own_is_answered_or_refused(sizes, params, active):
    described = {"config": sizes, "params_total": params, "params_active": active}
    try:
        asked = read(changed("options.2.model_config", described))
    except BadInput:
        return
    no_nonsense(as_json(evaluate(asked, draws=0)))
