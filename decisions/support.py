"""Which inference server runs which number format on which GPU?

What each runs is in ``decisions/data/servers.toml`` with its source. What is not listed there is refused
with the nearest choices that work, because an estimate of what cannot run misleads.
"""

from collections.abc import Sequence

from decisions import catalogue
from decisions.catalogue import Gpu, Quantization, Server

PREFERRED = "vllm"


class Unsupported(ValueError):
    """A server that cannot run this; ``field`` is what to change, ``says`` why and what would work."""

    def __init__(self, field: str, says: str) -> None:
        """Keep the field for a form, and put both into the message."""
        self.field = field
        self.says = says
        super().__init__(f"{field}: {says}")


def runs(server: Server, gpu: Gpu, quantization: Quantization) -> bool:
    """Return whether the server runs weights of this format on this GPU.

    >>> from decisions.catalogue import gpu, quantization, server
    >>> runs(server("llama.cpp"), gpu("M2-Ultra"), quantization("q4_k_m"))
    True
    >>> runs(server("vllm"), gpu("M2-Ultra"), quantization("bf16"))
    False
    """
    listed = server.runs.get(gpu.architecture, ())
    return quantization.name in listed or quantization.name.partition("-")[0] in listed


def check(server: Server, gpu: Gpu, quantization: Quantization) -> None:
    """Raise Unsupported where the server does not run this, naming what to change.

    >>> from decisions.catalogue import gpu, quantization, server
    >>> check(server("vllm"), gpu("MI300X"), quantization("awq"))
    Traceback (most recent call last):
    ...
    decisions.support.Unsupported: quantization: vllm does not run awq on MI300X; it runs bf16, fp16,
    fp8, mxfp4 and gguf there, and sglang runs awq
    """
    if runs(server, gpu, quantization):
        return
    others = [each.name for each in catalogue.servers() if runs(each, gpu, quantization)]
    here = server.runs.get(gpu.architecture)
    if not here:
        able = [each.name for each in catalogue.servers() if gpu.architecture in each.runs]
        says = f"{server.name} does not run on {gpu.name}; {_listed(able)} {_verb(able)}"
        raise Unsupported("server", says)
    says = f"{server.name} does not run {quantization.name} on {gpu.name}; it runs {_listed(here)} there"
    if others:
        says += f", and {_listed(others)} {_verb(others, 'runs', 'run')} {quantization.name}"
    raise Unsupported("quantization", says)


def usual(gpu: Gpu, quantization: Quantization) -> Server:
    """Return the server to assume where none is named: vLLM, or the first that runs this.

    Raises Unsupported when none does.

    >>> from decisions.catalogue import gpu, quantization
    >>> [usual(gpu(g), quantization(q)).name for g, q in (("H100", "fp8"), ("M2-Ultra", "bf16"))]
    ['vllm', 'llama.cpp']
    """
    able = [each for each in catalogue.servers() if runs(each, gpu, quantization)]
    if able:
        return next((each for each in able if each.name == PREFERRED), able[0])
    formats = {name for each in catalogue.servers() for name in each.runs.get(gpu.architecture, ())}
    says = f"no server known runs {quantization.name} on {gpu.name}; {_listed(sorted(formats))} run"
    raise Unsupported("quantization", says)


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _verb(names: Sequence[str], one: str = "does", many: str = "do") -> str:
    return one if len(names) == 1 else many
