"""Which exports do we know by their columns, and which column means what?

Where each was seen is beside it. A column's name stands for one meaning; several input columns are
added up. Columns that hold prompts, answers or metadata are named nowhere, so they are never read.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

EACH_ROW = "*"
"""In place of a column of request counts: each row is one request."""


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Which columns to read. `cached` columns are a part of `input`.

    With `about` the file has one row per kind of token: `quantity` holds how many, in `unit`, and
    the columns in `about` say in words which kind. `cost_unit` is what 1 in the column of cost is
    worth in the currency: 0.01 where it holds cents.
    """

    time: str
    input: tuple[str, ...] = ()
    cached: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    requests: str = ""
    batch: str = ""
    cost: str = ""
    currency: str = ""
    quantity: str = ""
    unit: str = ""
    about: tuple[str, ...] = ()
    cost_unit: float = 1.0

    @property
    def columns(self) -> list[str]:
        """Return every column to read, once."""
        single = (self.time, self.requests, self.batch, self.cost, self.quantity, self.unit)
        named = (*single, *self.input, *self.cached, *self.output, *self.about)
        return [name for name in dict.fromkeys(named) if name and name != EACH_ROW]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def mapping_of(stored: dict[str, Any]) -> Mapping:
    """Return the mapping that `as_json` wrote."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return Mapping(**fields)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """An export that is known: the columns that give it away, and what they mean."""

    name: str
    title: str
    mapping: Mapping
    source: str


LAYOUTS = (
    Layout(
        name="openai-usage",
        title="OpenAI usage export",
        mapping=Mapping(
            time="start_time",
            input=("input_tokens",),
            cached=("input_cached_tokens",),
            output=("output_tokens",),
            requests="num_model_requests",
            batch="batch",
        ),
        source="the dashboard's completions export; fields as in OpenAI's organization usage API",
    ),
    Layout(
        name="openai-costs",
        title="OpenAI cost export",
        mapping=Mapping(time="start_time", cost="amount_value", currency="USD"),
        source="the dashboard's cost export: start_time, amount_value, amount_currency, line_item",
    ),
    Layout(
        name="openai-costs-api",
        title="OpenAI costs API (JSON)",
        mapping=Mapping(time="start_time", cost="amount.value", currency="USD"),
        source="GET /v1/organization/costs: buckets of results with amount.value",
    ),
    Layout(
        name="anthropic-usage-api",
        title="Anthropic usage API (JSON)",
        mapping=Mapping(
            time="starting_at",
            input=(
                "uncached_input_tokens",
                "cache_creation.ephemeral_5m_input_tokens",
                "cache_creation.ephemeral_1h_input_tokens",
                "cache_read_input_tokens",
            ),
            cached=("cache_read_input_tokens",),
            output=("output_tokens",),
            batch="service_tier",
        ),
        source="GET /v1/organizations/usage_report/messages",
    ),
    Layout(
        name="anthropic-costs-api",
        title="Anthropic cost API (JSON)",
        mapping=Mapping(time="starting_at", cost="amount", currency="USD", cost_unit=0.01),
        source="GET /v1/organizations/cost_report: amount is in the lowest unit, cents",
    ),
    Layout(
        name="langfuse-api",
        title="Langfuse observations API (JSON)",
        mapping=Mapping(
            time="startTime",
            input=("usageDetails.input",),
            output=("usageDetails.output",),
            requests=EACH_ROW,
            cost="calculatedTotalCost",
            currency="USD",
        ),
        source="GET /api/public/observations: usageDetails, calculatedTotalCost",
    ),
    Layout(
        name="langfuse-usage-api",
        title="Langfuse observations API with usage (JSON)",
        mapping=Mapping(
            time="startTime",
            input=("usage.input",),
            output=("usage.output",),
            requests=EACH_ROW,
            cost="calculatedTotalCost",
            currency="USD",
        ),
        source="GET /api/public/observations: usage, where usageDetails is missing",
    ),
    Layout(
        name="anthropic-usage",
        title="Anthropic usage export",
        mapping=Mapping(
            time="usage_date_utc",
            input=(
                "usage_input_tokens_no_cache",
                "usage_input_tokens_cache_write_5m",
                "usage_input_tokens_cache_write_1h",
                "usage_input_tokens_cache_read",
            ),
            cached=("usage_input_tokens_cache_read",),
            output=("usage_output_tokens",),
            batch="usage_type",
        ),
        source="the Claude Console's usage export",
    ),
    Layout(
        name="anthropic-costs",
        title="Anthropic cost export",
        mapping=Mapping(time="usage_date_utc", cost="cost_usd", currency="USD"),
        source="the Claude Console's cost export",
    ),
    Layout(
        name="litellm",
        title="LiteLLM spend logs",
        mapping=Mapping(
            time="startTime",
            input=("prompt_tokens",),
            output=("completion_tokens",),
            requests=EACH_ROW,
            cost="spend",
            currency="USD",
        ),
        source="BerriAI/litellm schema.prisma, table LiteLLM_SpendLogs",
    ),
    Layout(
        name="langfuse",
        title="Langfuse observations",
        mapping=Mapping(
            time="startTime",
            input=("inputUsage",),
            output=("outputUsage",),
            requests=EACH_ROW,
            cost="totalCost",
            currency="USD",
        ),
        source="Langfuse's export of observations",
    ),
    Layout(
        name="helicone",
        title="Helicone requests",
        mapping=Mapping(
            time="request_created_at",
            input=("prompt_tokens",),
            output=("completion_tokens",),
            requests=EACH_ROW,
        ),
        source="Helicone/helicone examples/export, fields of its request query",
    ),
    Layout(
        name="focus",
        title="FOCUS billing data",
        mapping=Mapping(
            time="ChargePeriodStart",
            cost="BilledCost",
            quantity="ConsumedQuantity",
            unit="ConsumedUnit",
            about=("ChargeDescription", "SkuId"),
        ),
        source="FOCUS specification of the FinOps Foundation, columns of its datasets",
    ),
)


def recognised(columns: Sequence[str]) -> Layout | None:
    """Return the layout whose columns are all there: the one that asks for most of them.

    >>> recognised(["startTime", "prompt_tokens", "completion_tokens", "spend"]).title
    'LiteLLM spend logs'
    >>> recognised(["a", "b"])
    """
    known = set(columns)
    fitting = [each for each in LAYOUTS if known.issuperset(each.mapping.columns)]
    return max(fitting, key=lambda each: len(each.mapping.columns), default=None)


def layout(name: str) -> Layout | None:
    """Return a layout by its name; None for any other file."""
    return next((each for each in LAYOUTS if each.name == name), None)
