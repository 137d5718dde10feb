import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from decisions import catalogue, measurements, support
from decisions.catalogue import UnknownName, gpu, model, quantization
from decisions.formulas.layouts import Impossible, valid_degrees
from decisions.formulas.memory import weights_gb
from decisions.formulas.throughput import (
    Load,
    ceiling_tokens_per_s,
    estimate,
    exchange_seconds,
    weights_read_bytes,
)
from decisions.management.commands.throughput import estimate as estimate_case

COUNTS = st.floats(1, 50_000)


def llama(**changes):
    """Estimate a 70B at 8 bits on two H100 at 1k in, 1k out, 64 at once, but for the changes."""
    setting = {
        "model": model("Llama-3.3-70B"),
        "quantization": quantization("fp8"),
        "gpu": gpu("H100"),
        "tensor_parallel": 2,
        "input_tokens": 1024,
        "output_tokens": 1024,
        "concurrency": 64,
    }
    return estimate(**setting | changes)


def test_s12_two_h100_at_ten_to_three_make_24_billion_tokens_a_month():
    found = llama(input_tokens=1000, output_tokens=300, concurrency="max")
    assert found.p50 == pytest.approx(2151, rel=0.25)
    assert found.p50 * (1 + 10 / 3) * 730 * 3600 == pytest.approx(24.5e9, rel=0.25)


def test_s25_one_user_never_gets_more_than_the_bandwidth_allows():
    one = llama(tensor_parallel=1, concurrency=1)
    assert one.p90 < 47.5
    assert llama(concurrency=1).p50 == pytest.approx(57, rel=0.2)


def test_s26_batched_throughput_of_two_h100_and_of_one():
    assert llama(concurrency=16).p50 == pytest.approx(801, rel=0.25)
    assert llama(concurrency=64).p50 == pytest.approx(2196, rel=0.25)
    capped = llama(tensor_parallel=1, concurrency="max")
    assert capped.max_concurrent_requests == 7
    assert 200 < capped.p50 < 330


@pytest.mark.parametrize(
    ("input_tokens", "concurrency", "ttft_ms"),
    [(1024, 4, 121), (1024, 64, 415), (8192, 4, 738), (8192, 16, 1284)],
)
def test_s27_the_first_token_depends_on_prompt_and_concurrency(input_tokens, concurrency, ttft_ms):
    found = llama(input_tokens=input_tokens, concurrency=concurrency)
    assert found.ttft_ms == pytest.approx(ttft_ms, rel=0.30)


@pytest.mark.parametrize(("gpus", "ttft_ms"), [(4, 80), (8, 70)])
def test_s28_a_first_token_below_100_ms_takes_four_gpus(gpus, ttft_ms):
    found = llama(tensor_parallel=gpus, concurrency=4)
    assert found.ttft_ms == pytest.approx(ttft_ms, rel=0.30)
    assert found.ttft_ms < 100 < llama(concurrency=4).ttft_ms


@pytest.mark.parametrize(("concurrency", "tpot_ms"), [(4, 17.4), (64, 28.8)])
def test_s29_time_per_token_on_two_h100(concurrency, tpot_ms):
    assert llama(concurrency=concurrency).tpot_ms == pytest.approx(tpot_ms, rel=0.20)


def test_s53_default_settings_cost_what_was_measured():
    tuned, default = (llama(tuned=tuned) for tuned in (True, False))
    assert default.p10 < tuned.p50 / 1.82 < default.p90
    assert (tuned.evidence, default.evidence) == ("B", "D")
    assert default.p90 / default.p10 > tuned.p90 / tuned.p10
    assert default.tpot_ms > tuned.tpot_ms


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "B"),
        ({"gpu": gpu("L40S"), "concurrency": "max", "tensor_parallel": 4}, "C"),
        ({"model": model("Qwen3-235B-A22B"), "tensor_parallel": 8}, "D"),
        ({"server": "tgi"}, "D"),
    ],
)
def test_the_grade_says_how_far_to_trust_it(changes, grade):
    assert llama(**changes).evidence == grade


@pytest.mark.parametrize(
    ("kind", "median", "p90"), [(False, 0.13, 0.26), (True, 0.23, 0.85)], ids=["dense", "mixture"]
)
def test_the_model_keeps_its_accuracy_on_rows_that_set_nothing(kind, median, p90):
    error = [
        abs(estimate_case(case).p50 / case.output_tokens_per_s - 1)
        for case in measurements.measurements()
        if case.used_for == "validation"
        and case.tuned
        and catalogue.model(case.model).is_mixture == kind
    ]
    assert len(error) > 60
    assert np.median(error) < median
    assert np.quantile(error, 0.9) < p90


def test_the_model_fits_the_rows_that_set_its_constants():
    error = [
        abs(estimate_case(case).p50 / case.output_tokens_per_s - 1)
        for case in measurements.measurements()
        if case.used_for == "calibration"
    ]
    assert np.median(error) < 0.10
    assert max(error) < 0.45


def test_chips_without_a_link_run_alone():
    with pytest.raises(Impossible, match="no link"):
        llama(gpu=gpu("M2 Ultra"), quantization=quantization("gguf-q8_0"), server="llama.cpp")


def test_eight_bits_do_not_speed_up_the_arithmetic_of_a_gpu_without_fp8():
    def prompt(number_format, name):
        return Load(
            model("Llama-3.1-8B"), quantization(number_format), gpu(name), 1, 1024, 128
        ).flops

    assert prompt("fp8", "A100") == prompt("bf16", "A100") == 312e12
    assert prompt("fp8", "H100") == 1979e12
    assert prompt("awq", "H100") == prompt("mxfp4", "H100") == 989e12


def test_a_smaller_cache_format_makes_room_and_speed():
    small, usual = (llama(kv_dtype=kind, concurrency="max") for kind in ("fp8", None))
    assert small.max_concurrent_requests == pytest.approx(2 * usual.max_concurrent_requests, abs=1)
    assert small.p50 > usual.p50


def test_max_is_what_memory_holds_up_to_the_server_s_own_limit():
    many = {"model": model("Llama-3.1-8B"), "input_tokens": 64, "output_tokens": 64}
    limits = {
        server: llama(**many, concurrency="max", server=server).max_concurrent_requests
        for server in ("vllm", "sglang", "tensorrt-llm", "tgi")
    }
    assert limits == {"vllm": 1024, "sglang": 1024, "tensorrt-llm": 2048, "tgi": 128}


def test_requests_that_cannot_run_yet_wait():
    running, waiting = llama(concurrency=150), llama(concurrency=1500)
    assert waiting.p50 == pytest.approx(llama(concurrency=160).p50, rel=0.2)
    assert waiting.ttft_ms > 10 * running.ttft_ms


def test_a_model_that_does_not_fit_makes_nothing():
    found = llama(quantization=quantization("fp16"), tensor_parallel=1)
    assert (found.p50, found.ttft_ms, found.tpot_ms) == (0, None, None)
    assert found.max_concurrent_requests == 0


def test_three_gpus_cannot_share_a_70b():
    with pytest.raises(Impossible, match=r"8 KV heads.*3 single-GPU replicas or .*1 spare"):
        llama(tensor_parallel=3)


@pytest.mark.parametrize("field", ["input_tokens", "output_tokens", "concurrency"])
@pytest.mark.parametrize("value", [0, -1, 0.5, math.nan, math.inf])
def test_counts_below_one_are_refused(field, value):
    with pytest.raises(ValueError, match=field):
        llama(**{field: value})


def test_unknown_servers_and_cache_formats_are_refused():
    for wrong in ({"server": "vlm"}, {"kv_dtype": "fp3"}):
        with pytest.raises(UnknownName):
            llama(**wrong)


def test_a_mixture_reads_more_experts_the_more_requests_run():
    load = Load(model("gpt-oss-120b"), quantization("mxfp4"), gpu("H100"), 1, 1024, 1024)
    read = [weights_read_bytes(load, at_once) for at_once in (1, 8, 64, 4096)]
    assert all(few < many for few, many in pairwise(read))
    assert read[0] == pytest.approx(5.1e9 * 4.25 / 8)
    assert read[-1] == pytest.approx(116.8e9 * 4.25 / 8, rel=0.01)


def test_gpus_without_a_fast_link_lose_time_in_exchange():
    def lost(name, degree):
        return exchange_seconds(
            Load(model("Llama-3.3-70B"), quantization("fp8"), gpu(name), degree, 1, 1)
        )

    assert lost("L40S", 1) == 0
    assert 0 < lost("H100", 2) < lost("H100", 4) < lost("L40S", 4)


RUNNING = [
    each
    for each in product(catalogue.servers(), catalogue.gpus(), catalogue.quantizations())
    if support.runs(*each)
]


@st.composite
def settings(draw):
    """Any model on any GPU in any format that some server runs there, split as it may be."""
    chosen = draw(st.sampled_from(catalogue.models()))
    engine, card, number_format = draw(st.sampled_from(RUNNING))
    return {
        "model": chosen,
        "quantization": number_format,
        "gpu": card,
        "tensor_parallel": draw(st.sampled_from(valid_degrees(chosen, card))),
        "input_tokens": draw(COUNTS),
        "output_tokens": draw(COUNTS),
        "server": engine.name,
        "tuned": draw(st.booleans()),
        "kv_dtype": draw(st.sampled_from([None, "fp8"])),
    }


@given(settings(), st.one_of(st.just("max"), st.floats(1, 1e6)))
def test_no_accepted_input_gives_nonsense(setting, concurrency):
    found = estimate(**setting, concurrency=concurrency)
    assert 0 <= found.p10 <= found.p50 <= found.p90 < math.inf
    if found.max_concurrent_requests:
        assert found.p10 > 0
        assert 0 < found.tpot_ms < math.inf
        assert 0 < found.ttft_ms < math.inf


@given(settings(), st.integers(1, 4096))
def test_nothing_shown_exceeds_the_bandwidth(setting, concurrency):
    found = estimate(**setting, concurrency=concurrency)
    assume(found.concurrency)
    load = Load(**{name: setting[name] for name in Load.__dataclass_fields__})
    assert found.p90 <= ceiling_tokens_per_s(load, found.concurrency) * (1 + 1e-9)
    if not load.model.is_mixture:
        weights = weights_gb(params=load.model.params_total, quantization=load.quantization)
        for_one = load.bandwidth / (weights * 1e9)
        assert found.p90 / found.concurrency <= for_one * (1 + 1e-9)
        assert 1000 / found.tpot_ms <= for_one * (1 + 1e-9)


@pytest.mark.parametrize("card", catalogue.gpus(), ids=lambda card: card.name)
def test_nothing_of_the_whole_catalogue_exceeds_the_bandwidth(card):
    formats = [(engine, each) for engine, other, each in RUNNING if other == card]
    shown = 0
    for one, (engine, number_format) in product(catalogue.models(), formats):
        for degree in {min(valid_degrees(one, card)), max(valid_degrees(one, card))}:
            load = Load(one, number_format, card, degree, 1000, 300)
            found = estimate(**vars(load), concurrency=16, server=engine.name)
            if found.concurrency:
                most = ceiling_tokens_per_s(load, found.concurrency)
                assert 0 < found.p10 <= found.p50 <= found.p90 <= most * (1 + 1e-9)
                shown += 1
    assert shown > 50


@given(settings(), st.integers(1, 2000), st.integers(1, 2000))
def test_more_requests_make_more_tokens_and_wait_longer(setting, one, other):
    few, many = (estimate(**setting, concurrency=count) for count in sorted((one, other)))
    assume(few.max_concurrent_requests)
    assert few.p50 <= many.p50 * (1 + 1e-9)
    assert few.tpot_ms <= many.tpot_ms * (1 + 1e-9)
    assert few.ttft_ms <= many.ttft_ms * (1 + 1e-9)
