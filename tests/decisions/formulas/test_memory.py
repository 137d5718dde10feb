import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.catalogue import UnknownName, gpu, gpus, model, models, quantization, quantizations
from decisions.formulas.layouts import valid_degrees
from decisions.formulas.memory import (
    RUNTIME_GB_RANGE,
    kv_bytes_per_token,
    kv_copies,
    kv_pool_gb,
    max_concurrent_requests,
    memory,
    weights_gb,
)

GIB = 2**30 / 1e9
LLAMA_70B = model("Llama-3.3-70B")
H100 = gpu("H100")


def requests_of_2k(*, weights, gpus=1, kv_dtype=None, usable_share=0.92):
    """Requests of 2,048 tokens as a fraction, to compare with the article's decimals."""
    pool = kv_pool_gb(weights_gb=weights, gpu=H100, gpus=gpus, usable_share=usable_share)
    return pool * 1e9 / (kv_bytes_per_token(model=LLAMA_70B, kv_dtype=kv_dtype) * 2048)


@pytest.mark.parametrize(
    ("name", "gb", "gib"), [("fp16", 140, 130.4), ("int8", 70, 65.2), ("int4", 35, 32.6)]
)
def test_s20_weights_of_70_billion_parameters_in_gb_and_gib(name, gb, gib):
    weights = weights_gb(params=70e9, quantization=quantization(name))
    assert weights == gb
    assert weights / GIB == pytest.approx(gib, abs=0.05)


@pytest.mark.parametrize(("name", "gb"), [("awq", 36.7), ("gptq", 36.7), ("gguf-q4_k_m", 42.3)])
def test_s21_real_four_bit_formats_are_larger_than_half_a_byte(name, gb):
    weights = weights_gb(params=LLAMA_70B.params_total, quantization=quantization(name))
    assert weights == pytest.approx(gb, rel=0.02)


def test_s22_an_8_bit_70b_fits_one_h100_but_serves_few():
    assert kv_bytes_per_token(model=LLAMA_70B) == 327_680
    assert requests_of_2k(weights=70.55) == pytest.approx(7.4, abs=0.1)
    assert requests_of_2k(weights=70.55, kv_dtype="fp8") == pytest.approx(14.8, abs=0.2)
    assert requests_of_2k(weights=70.55, usable_share=0.90) == pytest.approx(4.9, abs=0.1)


def test_s23_two_gpus_load_a_16_bit_70b_and_four_serve_it():
    weights = weights_gb(params=LLAMA_70B.params_total, quantization=quantization("fp16"))
    assert weights == pytest.approx(141.1)
    assert requests_of_2k(weights=weights, gpus=1) < 0
    assert requests_of_2k(weights=weights, gpus=2) == pytest.approx(14.8, abs=0.2)
    assert requests_of_2k(weights=weights, gpus=4) == pytest.approx(240, abs=1)


def test_s24_one_or_two_h100_is_a_question_of_concurrency():
    held = {
        degree: memory(
            model=LLAMA_70B,
            quantization=quantization("fp8"),
            gpu=H100,
            tensor_parallel=degree,
            input_tokens=1024,
            output_tokens=1024,
        ).max_concurrent_requests
        for degree in (1, 2)
    }
    assert held == {1: 7, 2: 120}


def test_s47_three_gpus_do_not_share_out_the_heads_of_a_70b():
    assert valid_degrees(LLAMA_70B, H100) == [1, 2, 4, 8]


def test_the_figures_of_the_contract():
    held = memory(
        model=LLAMA_70B,
        quantization=quantization("fp8"),
        gpu=H100,
        tensor_parallel=2,
        input_tokens=1000,
        output_tokens=300,
    )
    assert held.weights_gb == pytest.approx(70.6, abs=0.05)
    assert held.kv_bytes_per_token == 327_680
    assert held.kv_pool_gb == pytest.approx(80.5, abs=0.05)
    assert held.max_concurrent_requests == 189


def test_latent_attention_keeps_one_small_vector_on_every_gpu():
    deepseek = model("DeepSeek-R1")
    assert kv_bytes_per_token(model=deepseek) == 61 * 576 * 2
    assert kv_copies(model=deepseek, tensor_parallel=8) == 8
    assert kv_copies(model=LLAMA_70B, tensor_parallel=8) == 1
    assert kv_copies(model=model("Qwen3-235B-A22B"), tensor_parallel=8) == 2


def test_a_cache_in_a_quarter_of_the_layers_is_a_quarter_as_large():
    assert kv_bytes_per_token(model=model("Qwen3-Next-80B-A3B")) == 12 * 2 * 2 * 256 * 2


def test_the_run_time_range_brackets_the_usual_figure():
    least, most = (
        kv_pool_gb(weights_gb=70.55, gpu=H100, gpus=2, runtime_gb=taken)
        for taken in reversed(RUNTIME_GB_RANGE)
    )
    assert least < kv_pool_gb(weights_gb=70.55, gpu=H100, gpus=2) < most


def test_a_pool_of_nothing_holds_nothing():
    assert max_concurrent_requests(kv_pool_gb=-5, kv_bytes_per_token=1, resident_tokens=1) == 0


def test_an_unknown_cache_format_is_refused():
    with pytest.raises(UnknownName, match="KV cache format"):
        kv_bytes_per_token(model=LLAMA_70B, kv_dtype="fp3")


@given(
    model=st.sampled_from(models()),
    gpu=st.sampled_from(gpus()),
    quantization=st.sampled_from(quantizations()),
    input_tokens=st.floats(1, 1e6),
    output_tokens=st.floats(1, 1e6),
    degree=st.sampled_from([1, 2, 4, 8]),
)
def test_what_is_said_to_fit_fits(model, gpu, quantization, input_tokens, output_tokens, degree):
    held = memory(
        model=model,
        quantization=quantization,
        gpu=gpu,
        tensor_parallel=degree,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
    used = (
        held.max_concurrent_requests * held.kv_bytes_per_token * (input_tokens + output_tokens - 1)
    )
    assert used <= max(held.kv_pool_gb, 0) * 1e9 * (1 + 1e-9)
    assert held.weights_gb + held.kv_pool_gb < degree * gpu.vram_gb
