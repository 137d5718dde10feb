"""Which figures may a team type in for each kind of option, under the names of the evaluation?

One line per figure: the page, the reading and the place of each fault follow from this table.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms

from decisions import catalogue
from decisions.forms.numbers import CountField, NumberField, PercentField
from decisions.models import Option

Kind = Option.Kind
API = frozenset({Kind.CLOSED_API, Kind.MANAGED_OPEN})
RENT = frozenset({Kind.SERVERLESS_GPU, Kind.RENTED_GPU, Kind.RESERVED_GPU})
OWNED = frozenset({Kind.OWNED_GPU})
GPUS = RENT | OWNED
ALL = frozenset(Kind)
PRICES, MACHINES, PEOPLE, MORE = "Prices", "Machines", "People and other cost", "More"


def _money(**rest: Any) -> NumberField:
    return NumberField(most="1e12", **rest)


def _count(**rest: Any) -> CountField:
    return CountField(least="1", most="1e6", **rest)


def _positive(**rest: Any) -> NumberField:
    return NumberField(above=True, most="1e9", **rest)


def _drift(**rest: Any) -> PercentField:
    return PercentField(least="-0.5", most="0.5", **rest)


def _text(**rest: Any) -> forms.CharField:
    return forms.CharField(max_length=120, **rest)


def _source(**rest: Any) -> forms.CharField:
    return forms.CharField(max_length=300, **rest)


class DayField(forms.DateField):
    """A day, kept as the evaluation takes it: 2027-12-31."""

    def clean(self, value: Any) -> Any:
        """Return the day as text; None when nothing is typed."""
        day = super().clean(value)
        return None if day is None else day.isoformat()


def _day(**rest: Any) -> DayField:
    return DayField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **rest)


def tick(**rest: Any) -> forms.BooleanField:
    """Return a box to tick: what is not ticked is not stated."""
    return forms.BooleanField(**rest)


def three(**rest: Any) -> forms.TypedChoiceField:
    """Return a choice of yes, no and not stated."""
    choices = [("", "as usual for this kind"), ("yes", "yes"), ("no", "no")]
    return forms.TypedChoiceField(
        choices=choices, coerce=lambda text: text == "yes", empty_value=None, **rest
    )


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure: its path in the evaluation, how it is asked for, and for which kinds."""

    path: str
    label: str
    make: Callable[..., forms.Field]
    kinds: frozenset[Kind]
    group: str
    help: str = ""
    listed: str = ""

    @property
    def name(self) -> str:
        """The form's field: the path with its points replaced."""
        return self.path.replace(".", "_")

    def field(self) -> forms.Field:
        """Return the form field; no figure is required here, since the evaluation says which are."""
        field = self.make(label=self.label, help_text=self.help, required=False)
        if self.listed:
            field.widget.attrs |= {
                "list": self.listed,
                "autocomplete": "off",
                "spellcheck": "false",
            }
        return field


def _figure(
    path: str,
    label: str,
    make: Callable[..., forms.Field],
    kinds: frozenset[Kind],
    group: str,
    says: str = "",
    listed: str = "",
) -> Figure:
    return Figure(
        path=path, label=label, make=make, kinds=kinds, group=group, help=says, listed=listed
    )


FIGURES = (
    _figure("input_per_mtok", "Input price per million tokens", _money, API, PRICES),
    _figure("output_per_mtok", "Output price per million tokens", _money, API, PRICES),
    _figure(
        "cached_input_per_mtok",
        "Cached input price per million tokens",
        _money,
        API,
        PRICES,
        "Empty: the same as other input.",
    ),
    _figure("batch_discount", "Batch discount (%)", PercentField, API, PRICES, "Empty: none."),
    _figure(
        "price_per_gpu_hour",
        "Price per GPU-hour",
        _positive,
        RENT,
        PRICES,
        "For one GPU, also where a machine has eight.",
    ),
    _figure("purchase_per_gpu", "Purchase price per GPU", _positive, OWNED, PRICES),
    _figure(
        "monthly_cost",
        "Or only the monthly bill",
        _positive,
        API | GPUS,
        PRICES,
        "In place of the prices, when the bill is all that is known.",
    ),
    _figure("gpu", "GPU", _text, GPUS, MACHINES, "Such as H100, H200, L40S, MI300X.", "gpus"),
    _figure(
        "gpus",
        "Number of GPUs",
        _count,
        GPUS,
        MACHINES,
        "Empty: worked out from the workload, the model and the GPU.",
    ),
    _figure(
        "model",
        "Model",
        _text,
        GPUS,
        MACHINES,
        "The open model that runs on them, or one that the team described itself.",
        "models",
    ),
    _figure(
        "quantization",
        "Quantization",
        _text,
        GPUS,
        MACHINES,
        "Number format of the weights, such as fp8 or awq. Empty: bf16.",
        "quantizations",
    ),
    _figure(
        "ops_fte",
        "Operations (FTE)",
        NumberField,
        ALL,
        PEOPLE,
        "Such as 0.25: a quarter of a person's time, for good. Empty: 0.",
    ),
    _figure(
        "setup_weeks",
        "Set-up (weeks)",
        NumberField,
        ALL,
        PEOPLE,
        "Paid once, at the team's cost of a person.",
    ),
    _figure("setup_people", "People during set-up", NumberField, ALL, PEOPLE, "Empty: 1."),
    _figure(
        "setup_cost",
        "Or set-up as a sum",
        _money,
        ALL,
        PEOPLE,
        "Paid once, in place of weeks and people.",
    ),
    _figure(
        "other_monthly",
        "Other cost per month",
        _money,
        ALL,
        PEOPLE,
        "Storage, network, egress. Empty: 0.",
    ),
    _figure(
        "committed_per_month",
        "Already committed: per month",
        _money,
        ALL,
        PEOPLE,
        "Owed whether it is used or not, such as a reservation. Part of what leaving it costs.",
    ),
    _figure("committed_until", "Already committed: until", _day, ALL, PEOPLE),
    _figure(
        "fallback.share",
        "Share that the fallback takes (%)",
        PercentField,
        ALL,
        PEOPLE,
        "Empty: 0 %, it only stands by.",
    ),
    _figure(
        "measured_output_tokens_per_s",
        "Measured output tokens/s per replica",
        _positive,
        GPUS,
        MORE,
        "Your own benchmark at this workload's request size. It replaces the estimate.",
    ),
    _figure(
        "measured_source",
        "Where that was measured",
        _source,
        GPUS,
        MORE,
        "Filled in by itself from one of the team's benchmarks.",
    ),
    _figure(
        "tensor_parallel",
        "GPUs per replica",
        _count,
        GPUS,
        MORE,
        "Tensor parallel: 1, 2, 4 or 8 for most models.",
    ),
    _figure("replicas", "Replicas", _count, GPUS, MORE),
    _figure("hours_per_month", "Hours per month", _positive, RENT, MORE, "Empty: 730, always on."),
    _figure("upfront_cost", "Paid up front", _money, RENT, MORE),
    _figure(
        "term_months",
        "Term (months)",
        _count,
        GPUS,
        MORE,
        "How long you are bound, or a machine is kept.",
    ),
    _figure(
        "residual_share",
        "Worth at the end (% of purchase)",
        PercentField,
        OWNED,
        MORE,
        "Empty: 0 %.",
    ),
    _figure("lifetime_years", "Lifetime (years)", _positive, OWNED, MORE, "Empty: 4."),
    _figure(
        "cost_of_capital",
        "Cost of capital per year (%)",
        PercentField,
        OWNED,
        MORE,
        "Empty: the discount rate.",
    ),
    _figure(
        "kw_per_gpu",
        "Power per GPU (kW)",
        _positive,
        OWNED,
        MACHINES,
        "With its share of the server, such as 1.2.",
    ),
    _figure("pue", "Data centre overhead (PUE)", _positive, OWNED, MORE, "Empty: 1.3."),
    _figure("price_per_kwh", "Price per kWh", _positive, OWNED, MACHINES),
    _figure(
        "colo_per_kw_month",
        "Space per kW and month",
        _money,
        OWNED,
        MACHINES,
        "Colocation; 0 in a room of your own.",
    ),
    _figure(
        "annual_failure_rate",
        "GPUs replaced per year (%)",
        PercentField,
        OWNED,
        MORE,
        "Empty: 5 %.",
    ),
    _figure(
        "spot.discount",
        "Spot: discount (%)",
        PercentField,
        RENT,
        MORE,
        "Only for machines that can be taken away. The price above is then the one without it.",
    ),
    _figure(
        "spot.interruptions_per_month", "Spot: interruptions per month", NumberField, RENT, MORE
    ),
    _figure("spot.recovery_minutes", "Spot: minutes to recover", NumberField, RENT, MORE),
    _figure("spot.drained", "Spot: work moves off a machine before it is taken", tick, RENT, MORE),
    _figure("server", "Inference server", _text, GPUS, MORE, "Empty: vLLM.", "servers"),
    _figure(
        "tuned",
        "The server is tuned",
        three,
        GPUS,
        MORE,
        "Usually yes. At default settings expect about half the speed.",
    ),
    _figure(
        "price_drift_per_month",
        "Price change per month (%)",
        _drift,
        API,
        MORE,
        "Such as -2 % where prices have been falling. Empty: 0 %.",
    ),
    _figure("runs_privately", "Data stays on our infrastructure", three, ALL, MORE),
    _figure("custom_model", "Can run our own model", three, ALL, MORE),
    _figure(
        "quality",
        "Measured quality (%)",
        PercentField,
        ALL,
        MORE,
        "In your own test, on the scale of the workload's least quality.",
    ),
    _figure("measured_ttft_ms", "Measured: first token (ms)", _positive, ALL, MORE),
    _figure("measured_tpot_ms", "Measured: each further token (ms)", _positive, ALL, MORE),
)


# A spot price holds for machines that can be taken away, so it is never found for plain rent.
OFFERS = {
    Kind.CLOSED_API: {"kind": "token", "weights": "closed"},
    Kind.MANAGED_OPEN: {"kind": "token", "weights": "open"},
    Kind.SERVERLESS_GPU: {"kind": "gpu", "mode": "serverless"},
    Kind.RENTED_GPU: {"kind": "gpu", "mode": "on_demand"},
    Kind.RESERVED_GPU: {"kind": "gpu", "mode": "reserved"},
    Kind.OWNED_GPU: {"kind": "gpu", "mode": "purchase"},
}


def offers(kind: str) -> dict[str, str] | None:
    """Return how to find the stored prices of a kind; None when it has none."""
    return next((dict(wanted) for name, wanted in OFFERS.items() if name == kind), None)


def of(kind: str) -> list[Figure]:
    """Return the figures of a kind, in the order of the page."""
    return [figure for figure in FIGURES if kind in figure.kinds]


def known_names(*, own_models: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return the names that fields offer while one types, by the id of their list."""
    return {
        "gpus": [gpu.name for gpu in catalogue.gpus()],
        "models": [*own_models, *(model.name for model in catalogue.models())],
        "quantizations": [each.name for each in catalogue.quantizations()],
        "servers": [server.name for server in catalogue.servers()],
    }
