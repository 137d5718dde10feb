import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions import catalogue
from decisions.catalogue import gpu, model, quantization
from decisions.formulas import capacity
from decisions.formulas.capacity import (
    SECONDS_PER_MONTH,
    Impossible,
    mean_below_peak,
    mean_concurrency,
    peak_to_mean_of,
    replica,
    replicas_needed,
    size,
)
from decisions.formulas.replicas import seconds_in_system
from decisions.formulas.throughput import estimate

SPIKY_1_HOUR = [10] + [1] * 23
SPIKY_8_HOURS = [10] * 8 + [1] * 16


def llama(**changes):
    """A 70B at 8 bits on two H100, 1k in and 1k out, but for the changes."""
    setting = {
        "model": model("Llama-3.3-70B"),
        "quantization": quantization("fp8"),
        "gpu": gpu("H100"),
        "gpus": 2,
        "mean_input_tokens": 1024,
        "mean_output_tokens": 1024,
    }
    return replica(**setting | changes)


def test_s30_memory_asks_for_two_gpus_and_redundancy_for_four():
    one = llama(measured_output_tokens_per_s=2196)
    load = {"tokens_per_month": 2e6 * 730, "peak_to_mean": 1, "peak_concurrent_requests": 50}
    usual = size(replica=one, **load)
    assert (usual.gpus, usual.replicas, usual.binding) == (2, 1, "memory")
    assert usual.utilisation == pytest.approx(0.13, abs=0.005)
    safe = size(replica=one, **load, availability=0.999)
    assert (safe.gpus, safe.spare_replicas, safe.binding) == (4, 1, "redundancy")
    assert safe.utilisation == pytest.approx(usual.utilisation / 2)


def test_s31_headroom_of_a_half_loads_the_gpus_to_two_thirds():
    one = llama()
    full = one.tokens_per_month_at_full_load
    assert replicas_needed(one, 29.99 * full / 1.5, peak_to_mean=1) == 30
    assert replicas_needed(one, 30.01 * full / 1.5, peak_to_mean=1) == 31
    unhurried = replicas_needed(llama(headroom=0), 29.99 * full / 1.5, peak_to_mean=1)
    assert 20 <= unhurried < 30


@pytest.mark.parametrize(
    ("hours", "mean_share_of_peak", "dearer"),
    [(SPIKY_1_HOUR, 0.14, 7.3), (SPIKY_8_HOURS, 0.40, 2.5)],
)
def test_s54_a_spiky_load_needs_as_many_more_gpus_as_it_peaks(hours, mean_share_of_peak, dearer):
    assert 1 / peak_to_mean_of(hours) == pytest.approx(mean_share_of_peak, abs=0.005)
    one, tokens = llama(), 1e13
    flat = size(replica=one, tokens_per_month=tokens, peak_to_mean=1)
    spiky = size(replica=one, tokens_per_month=tokens, peak_to_mean=1, hourly_tokens=hours)
    assert spiky.gpus / flat.gpus == pytest.approx(dearer, rel=0.01)
    assert flat.utilisation / spiky.utilisation == pytest.approx(dearer, rel=0.01)


def test_the_contract_s_two_h100_are_one_replica_at_five_percent():
    one = llama(mean_input_tokens=1000, mean_output_tokens=300)
    found = size(replica=one, tokens_per_month=1.3e9, peak_to_mean=3, replicas=one.replicas)
    assert (one.tensor_parallel, found.gpus, found.replicas) == (2, 2, 1)
    assert found.fits
    assert found.binding == "memory"
    assert round(found.utilisation, 2) == 0.05


def test_three_gpus_become_three_replicas_where_one_gpu_holds_the_model():
    one = llama(gpus=3)
    assert (one.tensor_parallel, one.replicas, one.fits) == (1, 3, True)
    assert one.memory.max_concurrent_requests == 7
    too_large = llama(gpus=3, quantization=quantization("fp16"))
    assert (too_large.tensor_parallel, too_large.replicas) == (2, 1)
    with pytest.raises(
        Impossible, match="3 single-GPU replicas or one replica on 2 GPUs and 1 spare"
    ):
        llama(gpus=3, tensor_parallel=3)


def test_more_gpus_per_replica_than_there_are_is_impossible():
    with pytest.raises(Impossible, match="there are 2"):
        llama(tensor_parallel=4)


@pytest.mark.parametrize(
    ("name", "number_format", "degree"),
    [
        ("Llama-3.1-8B", "fp8", 1),
        ("Llama-3.3-70B", "fp8", 2),
        ("Llama-3.3-70B", "fp16", 4),
        ("Llama-3.3-70B", "awq", 1),
        ("Llama-3.1-405B", "fp8", 8),
    ],
)
def test_a_replica_is_as_small_as_serves_well(name, number_format, degree):
    one = llama(gpus=None, model=model(name), quantization=quantization(number_format))
    assert (one.tensor_parallel, one.replicas) == (degree, None)


def test_a_model_that_does_not_fit_says_what_is_missing():
    one = llama(gpus=None, model=model("DeepSeek-R1"))
    assert not one.fits
    assert "GB too many for 8 × H100-SXM" in one.why
    found = size(replica=one, tokens_per_month=1e9, peak_to_mean=3)
    assert (found.fits, found.binding, found.utilisation) == (False, "memory", 0)
    with pytest.raises(Impossible, match="too many"):
        replicas_needed(one, 1e9, peak_to_mean=3)


def test_copies_of_the_cache_are_said():
    latent = llama(gpus=8, gpu=gpu("H200"), model=model("DeepSeek-R1"))
    assert latent.fits
    assert "each GPU keeps the whole latent cache" in latent.why
    copied = llama(gpus=8, tensor_parallel=8, model=model("Qwen3-235B-A22B"))
    assert "4 KV heads are copied to 8 GPUs" in copied.why


def test_a_latency_target_lowers_the_concurrency_and_binds():
    fast = llama(tpot_ms=22)
    assert fast.throughput.tpot_ms <= 22
    assert fast.throughput.concurrency < fast.memory.max_concurrent_requests
    assert fast.tokens_per_month_at_full_load < llama().tokens_per_month_at_full_load
    assert size(replica=fast, tokens_per_month=1e11, peak_to_mean=3).binding == "latency"
    assert size(replica=llama(), tokens_per_month=1e11, peak_to_mean=3).binding == "throughput"


def test_a_target_out_of_reach_does_not_fit():
    one = llama(tpot_ms=5)
    assert not one.fits
    assert "latency target" in one.why
    assert size(replica=one, tokens_per_month=1, peak_to_mean=1).binding == "latency"


def test_the_latency_target_is_met_by_one_more_replica_s_worth_of_room():
    at_target = llama(ttft_ms=300)
    one_more = estimate(
        model=model("Llama-3.3-70B"),
        quantization=quantization("fp8"),
        gpu=gpu("H100"),
        tensor_parallel=2,
        input_tokens=1024,
        output_tokens=1024,
        concurrency=at_target.throughput.concurrency + 1,
    )
    assert at_target.throughput.ttft_ms <= 300 < one_more.ttft_ms


def test_the_team_s_own_measurement_replaces_the_estimate():
    own = llama(measured_output_tokens_per_s=1000)
    assert own.throughput.evidence == "A"
    assert own.throughput.p10 == own.throughput.p50 == own.throughput.p90 == 1000
    assert own.tokens_per_month_at_full_load == pytest.approx(2000 * SECONDS_PER_MONTH)
    slower = seconds_in_system(own, 64) / seconds_in_system(llama(), 64)
    assert slower == pytest.approx(llama().throughput.p50 / 1000)


def test_replicas_that_are_too_few_do_not_fit_and_say_how_many_would():
    found = size(replica=llama(), tokens_per_month=1e12, peak_to_mean=3, replicas=2)
    assert (found.fits, found.gpus) == (False, 4)
    assert found.utilisation > 1
    assert "needs" in found.says


def test_a_spare_replica_counts_only_beyond_what_the_load_needs():
    one, load = llama(), {"tokens_per_month": 1e9, "peak_to_mean": 3, "availability": 0.999}
    alone, pair = (size(replica=one, **load, replicas=count) for count in (1, 2))
    assert (alone.fits, alone.spare_replicas, alone.binding) == (False, 0, "redundancy")
    assert (pair.fits, pair.spare_replicas, pair.binding) == (True, 1, "redundancy")


def test_many_short_prompts_at_once_ask_for_memory():
    small = llama(gpus=1, tensor_parallel=1)
    found = size(replica=small, tokens_per_month=1e9, peak_to_mean=3)
    assert (found.replicas > 1, found.binding) == (True, "memory")


def test_one_gpu_for_a_small_load_is_the_least_there_is():
    small = llama(gpus=None, model=model("Llama-3.1-8B"))
    assert size(replica=small, tokens_per_month=1e6, peak_to_mean=3).binding == "one replica"


def test_no_tokens_still_need_one_replica():
    found = size(replica=llama(), tokens_per_month=0, peak_to_mean=1)
    assert (found.replicas, found.utilisation, found.peak_concurrency) == (
        1,
        0,
        pytest.approx(0, abs=0.01),
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tokens_per_month": -1}, "tokens_per_month"),
        ({"tokens_per_month": math.nan}, "tokens_per_month"),
        ({"peak_to_mean": 0.5}, "peak_to_mean"),
        ({"peak_to_mean": math.inf}, "peak_to_mean"),
        ({"peak_concurrent_requests": -1}, "peak_concurrent_requests"),
        ({"hourly_tokens": []}, "hourly_tokens"),
        ({"hourly_tokens": [0, 0]}, "hourly_tokens"),
        ({"hourly_tokens": [1, -1]}, "hourly_tokens"),
        ({"availability": 1}, "availability"),
        ({"replicas": 0}, "replicas"),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(wrong, says):
    with pytest.raises(ValueError, match=says):
        size(**{"replica": llama(), "tokens_per_month": 1e9, "peak_to_mean": 3} | wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"gpus": 0}, "gpus"),
        ({"tensor_parallel": 0}, "tensor_parallel"),
        ({"mean_input_tokens": 0}, "input_tokens"),
        ({"mean_output_tokens": math.nan}, "output_tokens"),
        ({"ttft_ms": 0}, "ttft_ms"),
        ({"measured_output_tokens_per_s": -5}, "measured"),
        ({"headroom": -0.1}, "headroom"),
    ],
)
def test_a_replica_of_nonsense_is_refused_by_name(wrong, says):
    with pytest.raises(ValueError, match=says):
        llama(**wrong)


def test_an_array_of_volumes_is_sized_as_each_of_them():
    one = llama(tpot_ms=25)
    volumes = np.geomspace(1e6, 1e13, 50)
    loads: list[dict[str, Any]] = [
        {"peak_to_mean": 3.0},
        {"peak_to_mean": 1.0, "availability": 0.9999},
    ]
    for load in loads:
        needed = replicas_needed(one, volumes, **load)
        each = [size(replica=one, tokens_per_month=tokens, **load).replicas for tokens in volumes]
        assert needed.tolist() == each


@given(
    name=st.sampled_from([known.name for known in catalogue.models()]),
    card=st.sampled_from(["H100", "H200", "L40S", "A100", "B200"]),
    number_format=st.sampled_from(["fp8", "awq", "bf16"]),
    inputs=st.floats(1, 20_000),
    outputs=st.floats(1, 8_000),
    volumes=st.lists(st.floats(0, 1e14), min_size=2, max_size=5),
    peak=st.floats(1, 20),
    tpot_ms=st.one_of(st.none(), st.floats(5, 200)),
)
def test_more_load_never_needs_fewer_replicas_and_nothing_is_nan(
    name, card, number_format, inputs, outputs, volumes, peak, tpot_ms
):
    one = replica(
        model=model(name),
        quantization=quantization(number_format),
        gpu=gpu(card),
        gpus=None,
        mean_input_tokens=inputs,
        mean_output_tokens=outputs,
        tpot_ms=tpot_ms,
    )
    found = [size(replica=one, tokens_per_month=v, peak_to_mean=peak) for v in sorted(volumes)]
    assert sorted(each.replicas for each in found) == [each.replicas for each in found]
    for each in found:
        assert each.fits == one.fits
        assert math.isfinite(each.utilisation)
        assert math.isfinite(each.peak_concurrency)
        assert each.utilisation <= 1 / 1.5 / peak * (1 + 1e-9)
        assert each.gpus == each.replicas * one.tensor_parallel


@given(st.floats(0.01, 1e5))
def test_the_mean_below_a_peak_peaks_there(peak):
    mean = mean_below_peak(peak)
    assert mean + capacity.P99 * math.sqrt(mean) == pytest.approx(peak)


def simulated_concurrency(one, requests_per_s, requests, seed):
    """Requests in flight, weighted by time, when they arrive at random and share the steps."""
    random = np.random.default_rng(seed)
    arrivals = np.cumsum(random.exponential(1 / requests_per_s, requests))
    left: list[float] = []
    seen, lasted, now, at = [], [], 0.0, 0
    while at < requests:
        to_finish = min(left, default=math.inf) * seconds_in_system(one, len(left))
        step = min(arrivals[at] - now, to_finish)
        seen.append(len(left))
        lasted.append(step)
        if left:
            done = step / seconds_in_system(one, len(left))
            left = [rest - done for rest in left if rest - done > 1e-12]
        now += step
        if now >= arrivals[at]:
            left.append(1.0)
            at += 1
    return np.array(seen), np.array(lasted)


@pytest.mark.parametrize("load", [0.2, 0.4, 2 / 3])
def test_a_simulated_queue_holds_what_the_formula_says(load):
    one = llama(mean_output_tokens=256)
    requests_per_s = load * one.throughput.p50 / 256
    seen, lasted = simulated_concurrency(one, requests_per_s, requests=6000, seed=1)
    mean = mean_concurrency(one, requests_per_s)
    assert np.average(seen, weights=lasted) == pytest.approx(mean, rel=0.15)
    order = np.argsort(seen)
    reached = np.cumsum(lasted[order]) / lasted.sum()
    p99 = seen[order][np.searchsorted(reached, 0.99)]
    assert p99 == pytest.approx(mean + capacity.P99 * math.sqrt(mean), rel=0.25)
