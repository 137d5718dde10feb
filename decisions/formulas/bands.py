"""How far may an estimate of throughput be trusted: which range, and which grade?

A  the team's own benchmark
B  this model, where a public measurement of the same GPU and model is held
C  this model on a dense model
D  this model on a mixture of experts, an untuned engine, one that it was not checked on, or from
   figures of a GPU or model that were not seen again
"""

from typing import Literal

from decisions import measurements
from decisions.catalogue import Gpu, Model, Server

TUNED_BAND = (0.71, 1.01, 1.18)
"""Measured ÷ predicted at P10, P50 and P90 of public runs of tuned engines."""

UNTUNED_BAND = (0.31, 0.59, 1.18)
"""The same at default settings: the low end and the middle of the runs that fitted the model. The high
end is a tuned engine's, because the defaults of 2025 come near: 0.91 held 3 of the 14 "band" rows."""

MIXTURE_BAND = (0.45, 0.79, 1.11)
"""The same for tuned mixtures of experts, wider than P10 to P90: it holds 87 % of the "band" rows of
the measurements file, so that 80 % of other rows stay inside. The middle is their median."""

UNCHECKED_BAND = (0.31, 0.80, 1.18)
"""For engines that the model was not checked on: from the worst of both to the best of both."""

Grade = Literal["A", "B", "C", "D"]


Band = tuple[float, float, float]


def band_for(*, model: Model, server: Server, tuned: bool) -> Band:
    """Return measured ÷ predicted at P10, P50 and P90 for runs of this kind."""
    if not server.calibrated:
        return UNCHECKED_BAND
    if not tuned:
        return UNTUNED_BAND
    return MIXTURE_BAND if model.is_mixture else TUNED_BAND


def grade(*, model: Model, gpu: Gpu, server: Server, tuned: bool) -> Grade:
    """Return how far an estimate may be trusted, from B to D. A needs the team's own run."""
    if not (tuned and server.calibrated) or model.is_mixture:
        return "D"
    if gpu.unchecked or model.unchecked:
        return "D"
    return "B" if measurements.is_measured(gpu=gpu.name, model=model.name) else "C"
