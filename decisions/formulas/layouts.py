"""Over how many GPUs can one copy of a model be split?"""

from collections.abc import Sequence

from decisions.catalogue import Gpu, Model

DEGREES = (1, 2, 4, 8)
"""GPUs that one replica may span: servers are built and rented in these sizes."""


class Impossible(ValueError):
    """A layout that cannot run; the message says why and what can be done instead."""


def valid_degrees(model: Model, gpu: Gpu) -> list[int]:
    """Return the numbers of these GPUs that one replica of this model may span.

    >>> from decisions.catalogue import gpu, model
    >>> [valid_degrees(model(name), gpu("H100")) for name in ("Llama-3.3-70B", "Phi-4")]
    [[1, 2, 4, 8], [1, 2]]
    """
    return [degree for degree in DEGREES if refusal(model, gpu, degree) is None]


def refusal(model: Model, gpu: Gpu, degree: int) -> str | None:
    """Return why the model cannot be split over so many GPUs, or None where it can.

    Each GPU gets the same number of attention heads, and whole KV heads or a copy of one.
    Latent attention has no KV heads to share out: every GPU keeps the whole latent cache.
    """
    copied = model.mla_latent_rank is not None or degree % model.kv_heads == 0
    if model.kv_heads % degree and not copied:
        return f"{model.kv_heads} KV heads cannot be shared out evenly"
    if model.attention_heads % degree:
        return f"{model.attention_heads} attention heads cannot be shared out evenly"
    if degree not in DEGREES:
        return f"servers let {listed(DEGREES)} GPUs work as one"
    if degree > 1 and gpu.link_bytes_per_s is None:
        return f"{gpu.name} has no link to another one"
    return None


def check(model: Model, gpu: Gpu, degree: int, *, single_fits: bool) -> None:
    """Raise Impossible with the reason and the alternatives where the model cannot be split so.

    ``single_fits`` says whether one GPU holds the model, so that single-GPU replicas are offered.

    >>> from decisions.catalogue import gpu, model
    >>> check(model("Llama-3.3-70B"), gpu("H100"), 3, single_fits=True)
    Traceback (most recent call last):
    ...
    decisions.formulas.layouts.Impossible: one replica over 3 GPUs is impossible: 8 KV heads cannot
    be shared out evenly (valid: 1, 2, 4, 8). Possible: 3 single-GPU replicas or one replica on 2
    GPUs and 1 spare
    """
    reason = refusal(model, gpu, degree)
    if reason is None:
        return
    valid = valid_degrees(model, gpu)
    below = max((smaller for smaller in valid if smaller < degree), default=1)
    offers = [f"{degree} single-GPU replicas"] if single_fits else []
    offers += [f"one replica on {below} GPUs and {degree - below} spare"] if below > 1 else []
    text = f"one replica over {degree} GPUs is impossible: {reason} (valid: {listed(valid)})"
    raise Impossible(f"{text}. Possible: {' or '.join(offers)}" if offers else text)


def listed(degrees: Sequence[int]) -> str:
    """Return numbers as people write them in a row."""
    return ", ".join(map(str, degrees))
