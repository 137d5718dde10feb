"""What is asked about a benchmark: what it ran on, and its figures or the file that holds them?"""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from decisions import benchmark_files, support
from decisions.benchmark_files import Run
from decisions.evaluation.machines import USUAL_QUANTIZATION
from decisions.forms.numbers import CountField, NumberField

SETUP = (
    "gpu",
    "model",
    "quantization",
    "server",
    "tensor_parallel",
    "replicas",
    "measured_on",
    "note",
)
FIGURES = ("input_tokens", "output_tokens", "concurrency", "output_tokens_per_s")
TIMES = ("ttft_ms", "tpot_ms")
MOST_BYTES = benchmark_files.MOST_CHARACTERS


def _name(label: str, listed: str, **rest: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"list": listed, "autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(label=label, max_length=80, widget=widget, **rest)


def _figure(label: str, **rest: Any) -> NumberField:
    return NumberField(label=label, required=False, above=True, most="1e9", **rest)


class BenchmarkForm(forms.Form):
    """A result file of vllm bench serve or GuideLLM, or the figures of one run."""

    gpu = _name("GPU", "gpus", help_text="Such as H100, H200, L40S, MI300X.")
    model = _name("Model", "models")
    quantization = _name("Quantization", "quantizations", initial=USUAL_QUANTIZATION)
    server = _name("Inference server", "servers", initial=support.PREFERRED)
    tensor_parallel = CountField(
        label="GPUs per replica", least="1", most="64", initial=1, help_text="Tensor parallel."
    )
    replicas = CountField(
        label="Replicas measured together",
        least="1",
        most="1000",
        initial=1,
        help_text="The tokens per second are divided by it.",
    )
    measured_on = forms.DateField(
        label="Measured on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: the date in the file.",
    )
    file = forms.FileField(
        label="Result file",
        required=False,
        help_text="What vllm bench serve --save-result or guidellm writes, JSON. Prompts in it are not read.",
    )
    output_tokens_per_s = _figure("Output tokens per second")
    input_tokens = _figure("Input tokens per request")
    output_tokens = _figure("Output tokens per request")
    concurrency = _figure("Requests at once")
    ttft_ms = _figure("First token (ms)", help_text="Mean. Empty: not measured.")
    tpot_ms = _figure("Each further token (ms)", help_text="Mean. Empty: not measured.")
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as the server's settings. The auditor reads this.",
    )

    runs: list[Run]
    content: bytes | None = None

    def clean(self) -> dict[str, Any]:
        """Read the file, or else the figures typed in."""
        cleaned = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        self.runs = self._from(file) if file else self._typed(cleaned)
        day = cleaned.get("measured_on")
        if day is not None and day > timezone.localdate():
            self.add_error("measured_on", "This day is still to come.")
        if day is None and any(run.measured_on is None for run in self.runs):
            self.add_error("measured_on", "Say when it was measured.")
        return cleaned

    def _from(self, file: Any) -> list[Run]:
        if file.size > MOST_BYTES:
            self.add_error("file", "This file has over 2 MB: save it without the single requests.")
            return []
        self.content = file.read()
        try:
            return benchmark_files.read(self.content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            self.add_error("file", "This file is not UTF-8 text.")
        except benchmark_files.Unreadable as fault:
            self.add_error("file", f"Cannot be read: {fault}.")
        return []

    def _typed(self, cleaned: dict[str, Any]) -> list[Run]:
        missing = [name for name in FIGURES if cleaned.get(name) is None]
        if len(missing) == len(FIGURES) and not self.errors:
            self.add_error("file", "Upload a result file, or type the figures in below.")
        elif missing:
            for name in missing:
                if name not in self.errors:
                    self.add_error(name, "This is needed where no file is uploaded.")
        if missing or self.errors:
            return []
        for name in ("input_tokens", "output_tokens", "concurrency"):
            if cleaned[name] < 1:
                self.add_error(name, "Must be at least 1.")
        numbers: dict[str, Any] = {
            n: float(cleaned[n]) for n in (*FIGURES, *TIMES) if cleaned[n] is not None
        }
        return [Run(kind="typed", measured_on=cleaned.get("measured_on"), **numbers)]

    def setup(self) -> dict[str, Any]:
        """Return what the run was done on, as the action takes it."""
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in SETUP}
        day: date | None = values["measured_on"]
        whole = {name: int(values[name]) for name in ("tensor_parallel", "replicas")}
        return {**values, **whole, "measured_on": day}
