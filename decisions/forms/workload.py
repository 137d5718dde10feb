"""What is asked of the model in a month, and what is assumed where nothing is said?"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from decisions.evaluation.read import USUAL_PEAK_TO_MEAN
from decisions.forms.base import VersionedForm
from decisions.forms.numbers import CountField, NumberField, PercentField
from decisions.formulas.bills import HOURS_PER_MONTH
from decisions.formulas.capacity import peak_to_mean_of
from decisions.models import Decision, Workload

SECONDS_PER_MONTH = float(HOURS_PER_MONTH) * 3600
MORE = (
    "mean_input_tokens",
    "mean_output_tokens",
    "cached_input_share",
    "batch_share",
    "growth_per_month",
    "peak_to_mean",
    "peak_concurrent_requests",
    "ttft_ms",
    "tpot_ms",
    "availability",
)
RATE = ("input_tokens_per_month", "output_tokens_per_month", "peak_to_mean")
STATED = ("least_quality", "regions", "changes_per_quarter")
SETTINGS = ("currency", "horizon_months", "discount_rate_per_year")
NEEDS = ("privacy", "custom_model", "frontier_quality", *STATED)
ZERO_WHEN_EMPTY = ("cached_input_share", "batch_share", "growth_per_month")
LARGE = "A month's tokens, such as 1.3B, 100M or 1,000,000."


class WorkloadForm(VersionedForm):
    """The workload, its requirements, and the three settings of the arithmetic."""

    input_tokens_per_month = CountField(
        label="Input tokens per month",
        help_text=f"{LARGE} Prompts, instructions and documents sent to the model.",
    )
    output_tokens_per_month = CountField(
        label="Output tokens per month",
        help_text=f"{LARGE} What the model writes back, its reasoning included.",
    )
    cached_input_share = PercentField(
        label="Cached input (% of input tokens)",
        required=False,
        help_text="The share of input that repeats and is billed at a cached price. Empty: 0 %.",
    )
    batch_share = PercentField(
        label="Batch work (% of tokens)",
        required=False,
        help_text="The share that may wait for hours and is billed at a batch discount. Empty: 0 %.",
    )
    mean_input_tokens = CountField(
        label="Input tokens per request",
        required=False,
        least="1",
        most="1e7",
        help_text="On average. Empty: it follows from the month's input and output.",
    )
    mean_output_tokens = CountField(
        label="Output tokens per request",
        required=False,
        least="1",
        most="1e7",
        help_text="On average. Empty: 300, or what follows from the input per request.",
    )
    peak_to_mean = NumberField(
        label="Busiest hour ÷ mean hour",
        required=False,
        least="1",
        most="1000",
        help_text="1 is perfectly steady. Empty: 3, an ordinary working day.",
    )
    peak_concurrent_requests = CountField(
        label="Requests at once, at the peak",
        required=False,
        above=True,
        most="1e6",
        help_text="If you measured it; it then stands in place of the busiest hour.",
    )
    forget_profile = forms.BooleanField(
        label="Forget the hourly profile and go by these figures", required=False
    )
    growth_per_month = PercentField(
        label="Growth per month (%)",
        required=False,
        least="-0.5",
        most="0.5",
        help_text="Of the tokens. Enters the cost over the horizon. Empty: 0 %.",
    )
    ttft_ms = NumberField(
        label="First token within (ms)",
        required=False,
        above=True,
        most="1e6",
        help_text="A latency target. Empty: none.",
    )
    tpot_ms = NumberField(
        label="Each further token within (ms)", required=False, above=True, most="1e5"
    )
    availability = PercentField(
        label="Availability (%)",
        required=False,
        above=True,
        most="0.999999",
        help_text="Such as 99.9. From 99.9 % self-hosting needs a spare replica. Empty: none asked.",
    )
    privacy = forms.BooleanField(
        label="Data must not leave infrastructure that we control", required=False
    )
    custom_model = forms.BooleanField(
        label="We need a custom or fine-tuned model of our own", required=False
    )
    frontier_quality = forms.BooleanField(
        label="We need the quality of the best closed models", required=False
    )
    least_quality = PercentField(
        label="Least quality (%)",
        required=False,
        help_text="The least an option must reach in your own test. Empty: none asked.",
    )
    regions = CountField(
        label="Regions with users",
        required=False,
        least="1",
        most="1000",
        help_text="Each needs machines of its own when you host yourself. Empty: not stated.",
    )
    changes_per_quarter = NumberField(
        label="Changes of model or configuration per quarter",
        required=False,
        above=True,
        most="10000",
        help_text="Each is a deployment when you host yourself. Empty: not stated.",
    )
    source = forms.CharField(
        label="Where these figures come from",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as “provider's usage page, October 2026”. The auditor reads this.",
    )
    currency = forms.CharField(label="Currency", max_length=3, min_length=3)
    horizon_months = CountField(
        label="Horizon (months)",
        least="1",
        most="120",
        help_text="How far ahead cost is added up. 36 unless you say otherwise: three budget years.",
    )
    discount_rate_per_year = PercentField(
        label="Discount rate per year (%)",
        help_text="What later money counts less. 10 % unless your finance team gives another rate.",
    )

    def __init__(
        self,
        *args: Any,
        currencies: Iterable[str],
        profile: Sequence[float] | None = None,
        **rest: Any,
    ) -> None:
        """Offer the currencies that prices can be converted into; `profile` is the stored one."""
        super().__init__(*args, **rest)
        self.profile = profile
        self.fields["currency"] = forms.ChoiceField(
            label="Currency",
            choices=[(code, code) for code in currencies],
            error_messages={"invalid_choice": "“%(value)s” is no currency with an exchange rate."},
            help_text="Every price is converted at the European Central Bank's reference rate.",
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a month without tokens, and a peak that is stated twice."""
        cleaned = super().clean() or self.cleaned_data
        tokens = [cleaned.get(f"{way}_tokens_per_month") for way in ("input", "output")]
        if tokens == [0, 0]:
            raise ValidationError(
                {"input_tokens_per_month": "A month without tokens costs nothing."}
            )
        if cleaned.get("peak_to_mean") and cleaned.get("peak_concurrent_requests"):
            self.add_error("peak_concurrent_requests", "State one peak: this or the busiest hour.")
        return cleaned

    @property
    def is_more_in_use(self) -> bool:
        """Return whether something that has a default is stated or wrong, so must not be folded."""
        return any(self[name].errors or self[name].value() for name in MORE)

    def tokens_per_second(self) -> tuple[float, float] | None:
        """Return the rates of what is typed so far; None until both token counts can be read."""
        known = getattr(self, "cleaned_data", {})
        sent, written, peak = (known.get(name) for name in RATE)
        if self.profile and not known.get("forget_profile"):
            peak = peak_to_mean_of(self.profile)
        return tokens_per_second(sent, written, peak)

    def settings(self) -> dict[str, Any]:
        """Return the decision's columns that this form changes."""
        values = {name: self.cleaned_data[name] for name in SETTINGS}
        return {**values, "horizon_months": int(values["horizon_months"])}

    def workload(self) -> dict[str, Any]:
        """Return the workload's columns; what was left empty is None where that means unstated."""
        values = {
            name: None if value is None else float(value)
            for name, value in self.cleaned_data.items()
            if name not in (*SETTINGS, *NEEDS, "version", "source", "forget_profile")
        }
        for name in ZERO_WHEN_EMPTY:
            values[name] = values[name] or 0.0
        if self.cleaned_data["forget_profile"]:
            values["hourly_tokens"] = None
        return {
            **values,
            "requirements": self._requirements(),
            "source": self.cleaned_data["source"],
        }

    def _requirements(self) -> dict[str, Any]:
        stated = {name: self.cleaned_data[name] for name in NEEDS}
        numbers = {name: stated.pop(name) for name in STATED}
        needs: dict[str, Any] = {name: True for name, wanted in stated.items() if wanted}
        if numbers["regions"] is not None:
            needs["regions"] = int(numbers.pop("regions"))
        return needs | {k: float(v) for k, v in numbers.items() if v is not None}


def initial(decision: Decision, workload: Workload | None) -> dict[str, Any]:
    """Return what the form starts with: what is stored, with empty fields where nothing is."""
    settings = {name: getattr(decision, name) for name in SETTINGS}
    start: dict[str, Any] = {"version": decision.version, **settings}
    if workload is None:
        return start
    for name in WorkloadForm.base_fields:
        if hasattr(workload, name):
            start[name] = _unless_zero(name, getattr(workload, name))
    return {**start, **workload.requirements}


def _unless_zero(name: str, value: Any) -> Any:
    # An empty field means 0 % there, so a stored 0 need not look like something the team stated.
    return (
        None
        if name in {"cached_input_share", "batch_share", "growth_per_month"} and not value
        else value
    )


def tokens_per_second(
    sent: float | Decimal | None,
    written: float | Decimal | None,
    peak_to_mean: float | Decimal | None,
) -> tuple[float, float] | None:
    """Return the tokens per second of the mean and of the busiest hour; None until both are known.

    >>> [round(each) for each in tokens_per_second(1e9, 3e8, None)]
    [495, 1484]
    """
    if sent is None or written is None:
        return None
    mean = (float(sent) + float(written)) / SECONDS_PER_MONTH
    return mean, mean * float(peak_to_mean or USUAL_PEAK_TO_MEAN)
