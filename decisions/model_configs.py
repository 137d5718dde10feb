"""What does a Hugging Face ``config.json`` say of a model's sizes?"""

import math
from collections.abc import Mapping
from typing import Any

from decisions.catalogue import Model


def model_from_config(
    config: Mapping[str, Any],
    *,
    name: str,
    params_total: float,
    params_active: float | None = None,
    source: str = "config.json",
) -> Model:
    """Return the model that a Hugging Face ``config.json`` describes.

    A config does not hold the number of parameters, so the model card's count is asked for; a
    mixture of experts also needs the active ones. Settings of the language part of a model that
    also reads pictures (``text_config``) are found by themselves.

    Raises ValueError that names the missing or impossible setting.

    >>> llama = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}
    >>> model_from_config(llama, name="tiny", params_total=1e6).head_dim
    16
    """
    text = _language_part(config)
    experts, experts_active = _experts(text)
    layers, heads, hidden = _count(text, *_LAYERS), _count(text, *_HEADS), _count(text, *_HIDDEN)
    latent_rank, rope_dim = _latent(text)
    sliding_layers, sliding_window = _sliding(text, layers)
    return Model(
        name=name,
        params_total=_positive("params_total", params_total),
        params_active=_active(params_total, params_active, needed=experts > 0),
        layers=layers,
        layers_with_kv=_layers_with_kv(text, layers),
        kv_heads=_count(text, "num_key_value_heads", default=heads),
        attention_heads=heads,
        head_dim=_count(text, "head_dim", default=hidden // heads),
        hidden=hidden,
        source=source,
        experts=experts,
        experts_active=experts_active,
        mla_latent_rank=latent_rank,
        mla_rope_dim=rope_dim,
        sliding_layers=sliding_layers,
        sliding_window=sliding_window,
        family=str(config.get("model_type", "")),
    )


def config_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a config that ``model_from_config`` reads, and none of the others.

    >>> config_settings({"hidden_size": 64, "vocab_size": 9, "text_config": {"n_layer": 2, "x": 1}})
    {'text_config': {'n_layer': 2}, 'hidden_size': 64}
    """
    inner = config.get("text_config")
    kept = {"text_config": config_settings(inner)} if isinstance(inner, Mapping) else {}
    return kept | {name: config[name] for name in _READ if config.get(name) is not None}


def _language_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    text = config.get("text_config") or config
    if not isinstance(text, Mapping):
        raise ValueError("text_config: must be an object")
    return text


_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_HEADS = ("num_attention_heads", "n_head")
_HIDDEN = ("hidden_size", "n_embd", "d_model")
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_ACTIVE = ("num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_top_k")
_PATTERN = ("sliding_window_pattern", "_sliding_window_pattern")
_READ = (
    *_LAYERS,
    *_HEADS,
    *_HIDDEN,
    *_EXPERTS,
    *_EXPERTS_ACTIVE,
    "num_key_value_heads",
    "head_dim",
    "kv_lora_rank",
    "qk_rope_head_dim",
    "layer_types",
    "full_attention_interval",
    "sliding_window",
    *_PATTERN,
    "attn_type_list",
    "use_sliding_window",
    "max_window_layers",
    "model_type",
)


def _count(text: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    """Return the first of these settings that is there, as a whole number."""
    for name in names:
        value = text.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{name}: must be a whole number, got {value!r}")
        if value == 0 and default != 0:
            raise ValueError(f"{name}: must be above 0")
        return value
    if default is None:
        raise ValueError(f"{names[0]}: missing")
    return default


def _experts(text: Mapping[str, Any]) -> tuple[int, int]:
    """Return the experts and how many of them a token passes; 0 and 0 for a dense model."""
    experts = _count(text, *_EXPERTS, default=0)
    if experts < 2:
        return 0, 0
    active = _count(text, *_EXPERTS_ACTIVE)
    if active >= experts:
        raise ValueError(f"{_EXPERTS_ACTIVE[0]}: must be below {experts}, got {active}")
    return experts, active


def _layers_with_kv(text: Mapping[str, Any], layers: int) -> int:
    """Count the layers with full attention where the config tells the kinds of layers apart.

    Sliding-window layers count as full ones: they are bounded, but not small. Linear-attention
    layers keep a fixed state instead of a cache.
    """
    kinds = text.get("layer_types")
    if isinstance(kinds, list):
        return sum("linear" not in str(kind) for kind in kinds) or layers
    types = text.get("attn_type_list")  # MiniMax: 0 is linear attention, 1 is full
    if isinstance(types, list):
        return sum(kind == 1 for kind in types) or layers
    return layers // _count(text, "full_attention_interval", default=1) or layers


def _sliding(text: Mapping[str, Any], layers: int) -> tuple[int, int | None]:
    """Return the layers that look back over a window only, and the window; 0 and None for none.

    Which layers do is written as kinds of layers (gpt-oss), as "every n-th layer sees all"
    (Gemma 3), or not at all: then all do (Mistral 7B 0.1), unless ``use_sliding_window`` is off
    (Qwen).
    """
    window = _count(text, "sliding_window", default=0)
    if window == 0 or text.get("use_sliding_window") is False:
        return 0, None
    kinds = text.get("layer_types")
    if isinstance(kinds, list):
        sliding = sum("sliding" in str(kind) for kind in kinds)
    elif pattern := _count(text, *_PATTERN, default=0):
        sliding = layers - layers // pattern
    else:
        sliding = max(0, layers - _count(text, "max_window_layers", default=0))
    return (sliding, window) if sliding else (0, None)


def _latent(text: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return rank and rotary part of latent attention; None and None for the usual kind."""
    rank = _count(text, "kv_lora_rank", default=0)
    return (rank, _count(text, "qk_rope_head_dim")) if rank else (None, None)


def _active(params_total: float, params_active: float | None, *, needed: bool) -> float:
    if needed and params_active is None:
        raise ValueError("params_active: a mixture of experts needs its active parameters")
    active = _positive("params_active", params_total if params_active is None else params_active)
    if active > params_total:
        raise ValueError("params_active: cannot exceed params_total")
    return active


def _positive(name: str, value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name}: must be a number above 0, got {value!r}")
    return float(value)
