"""Is this input complete and sound, and what does it ask?"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from decisions import checklist
from decisions.evaluation.currencies import CODES
from decisions.evaluation.faults import BadInput, Fault
from decisions.evaluation.fields import Fields, Notes, near, number_fault, shown
from decisions.evaluation.options import Options
from decisions.formulas.bills import TokenVolume
from decisions.question import (
    Answer,
    Care,
    Option,
    Question,
    Requirements,
    TrafficClass,
    Workload,
)

MOST_TOKENS = Decimal("1e15")
MOST_GROWN_TOKENS = Decimal("1e18")
MOST_HORIZON_MONTHS = 120
HOURS_IN_YEAR = 8784
MOST_EVIDENCE = 20_000
MOST_CLASSES = 12
RELIABILITY = (
    "health_checks",
    "degradation",
    "fallback",
    "spare_hardware",
    "regions",
    "updates",
)
USUAL_OUTPUT_TOKENS = Decimal(300)
USUAL_PEAK_TO_MEAN = Decimal("3.0")
USUAL_HEADROOM = Decimal("0.5")


def read(raw: Mapping[str, Any]) -> Question:
    """Return the question that an input asks, validated, with its defaults filled in.

    Raises BadInput with every fault found: a missing price is never taken for zero, an unknown
    name never guessed.
    """
    if not isinstance(raw, Mapping):
        raise BadInput([Fault("", f"the input must be an object, got {shown(raw)}")])
    notes = Notes()
    question = _question(Fields(raw, path="", notes=notes))
    if notes.faults or question is None:
        raise BadInput(notes.faults)
    return question


def _question(top: Fields) -> Question | None:
    currency = _currency(top)
    months = top.whole("horizon_months", default=36, most=MOST_HORIZON_MONTHS) or 1
    rate = top.share("discount_rate_per_year", default=Decimal("0.10"))
    workload = _workload(top.group("workload"), months)
    requirements = _requirements(top.group("requirements"))
    loaded = _loaded_cost(top.group("people"))
    reader = Options(
        notes=top.notes,
        workload=workload,
        requirements=requirements,
        discount_rate_per_year=rate,
        loaded_cost_stated=loaded is not None,
    )
    options = reader.read(top.items("options", most=50))
    answers = _answers(top.group("checklist"))
    reliability = _reliability(top.group("reliability"))
    dates = {name: top.day(name) for name in ("as_of", "last_reviewed_on", "quality_measured_on")}
    if dates["as_of"] is None and any(option.commitment for option in options):
        top.fault("as_of", "missing; committed_until needs it")
    chosen = _chosen(top, options)
    top.close()
    if top.notes.faults:
        return None
    return Question(
        currency=currency,
        horizon_months=months,
        discount_rate_per_year=rate,
        workload=workload,
        loaded_cost_per_fte_year=loaded or Decimal(0),
        options=options,
        chosen=chosen,
        requirements=requirements,
        answers=answers,
        reliability=reliability,
        assumed=tuple(top.notes.assumed),
        **dates,
    )


def _currency(top: Fields) -> str:
    code = top.text("currency")
    if not top.has("currency"):
        top.notes.assume("currency", "EUR")
        return "EUR"
    if code is not None and code not in CODES:
        top.fault(
            "currency",
            f"must be an ISO 4217 code such as EUR, got {shown(code)}{near(code, CODES)}",
        )
    return code or "EUR"


def _loaded_cost(people: Fields) -> Decimal | None:
    cost = people.maybe("loaded_cost_per_fte_year", above=True)
    people.close()
    return cost


def _workload(fields: Fields, months: int) -> Workload:
    volume = _volume(fields)
    mean_input, mean_output = _request_shape(fields, volume)
    growth = fields.number(
        "growth_per_month", default=Decimal("0.0"), least=Decimal("-0.5"), most=Decimal("0.5")
    )
    if volume.total * (1 + growth) ** months > MOST_GROWN_TOKENS:
        fields.fault("growth_per_month", "makes more than 1e18 tokens a month by the horizon")
    hourly = _hourly(fields)
    workload = Workload(
        volume=volume,
        mean_input_tokens=float(mean_input),
        mean_output_tokens=float(mean_output),
        peak_to_mean=_peak_to_mean(fields, hourly),
        headroom=float(fields.number("headroom", default=USUAL_HEADROOM, most=Decimal(10))),
        growth_per_month=growth,
        peak_concurrent_requests=_float(fields, "peak_concurrent_requests", most="1e9"),
        hourly_tokens=hourly,
        ttft_ms=_float(fields, "ttft_ms", most="1e9"),
        tpot_ms=_float(fields, "tpot_ms", most="1e9"),
        availability=_availability(fields),
    )
    fields.close()
    return workload


def _float(fields: Fields, name: str, *, most: str) -> float | None:
    value = fields.maybe(name, above=True, most=Decimal(most))
    return None if value is None else float(value)


def _availability(fields: Fields) -> float | None:
    share = _float(fields, "availability", most="1")
    if share == 1:
        fields.fault("availability", "must be below 1: nothing is always there")
    return share


def _volume(fields: Fields) -> TokenVolume:
    volume = TokenVolume(
        input_tokens=fields.number("input_tokens_per_month", most=MOST_TOKENS),
        output_tokens=fields.number("output_tokens_per_month", most=MOST_TOKENS),
        cached_input_share=fields.share("cached_input_share", default=Decimal("0.0")),
        batch_share=fields.share("batch_share", default=Decimal("0.0")),
    )
    if volume.total < 1:
        fields.fault("input_tokens_per_month", "must be positive together with the output tokens")
        return TokenVolume(input_tokens=Decimal(1), output_tokens=Decimal(1))
    return volume


def _request_shape(fields: Fields, volume: TokenVolume) -> tuple[Decimal, Decimal]:
    """Return mean input and output tokens; what is not stated follows from the month's mix."""
    one, most = Decimal(1), Decimal("1e7")
    given_input = fields.maybe("mean_input_tokens", least=one, most=most)
    given_output = fields.maybe("mean_output_tokens", least=one, most=most)
    mix = volume.input_tokens / volume.output_tokens if volume.output_tokens else None
    output = given_output or _output_for(given_input, mix)
    source = given_input or max(one, output * mix if mix is not None else Decimal(1000))
    shape = min(source, most), min(output, most)
    for name, given, used in zip(
        ("mean_input_tokens", "mean_output_tokens"), (given_input, given_output), shape, strict=True
    ):
        if given is None:
            fields.notes.assume(fields.at(name), round(used, 1))
    if given_input and given_output and mix and abs(given_input / given_output / mix - 1) > 1:
        fields.notes.assumed.append(
            f"{fields.path}: GPUs are counted for requests of {given_input} + {given_output} "
            "tokens, although the month's tokens are in another proportion"
        )
    return shape


def _output_for(given_input: Decimal | None, mix: Decimal | None) -> Decimal:
    if mix is None:
        return Decimal(1)
    if given_input is None or mix == 0:
        return USUAL_OUTPUT_TOKENS
    return max(Decimal(1), given_input / mix)


def _peak_to_mean(fields: Fields, hourly: tuple[float, ...] | None) -> float:
    one, most = Decimal(1), Decimal(1000)
    if hourly:
        return float(fields.maybe("peak_to_mean", least=one, most=most) or 1)
    return float(fields.number("peak_to_mean", default=USUAL_PEAK_TO_MEAN, least=one, most=most))


def _hourly(fields: Fields) -> tuple[float, ...] | None:
    if not fields.has("hourly_tokens"):
        fields.ignore("hourly_tokens")
        return None
    values = fields.items("hourly_tokens", most=HOURS_IN_YEAR)
    good = True
    for place, value in enumerate(values):
        fault = number_fault(value, least=Decimal(0), most=MOST_TOKENS, above=False)
        if fault:
            fields.fault(f"hourly_tokens[{place}]", f"{fault}, got {shown(value)}")
            good = False
    if not good or not values:
        return None
    if sum(values) <= 0:
        fields.fault("hourly_tokens", "must have tokens in at least one hour")
        return None
    return tuple(float(value) for value in values)


def _requirements(fields: Fields) -> Requirements:
    least = fields.maybe("least_quality", most=Decimal(1))
    wanted = Requirements(
        privacy=fields.flag("privacy", quiet=True),
        custom_model=fields.flag("custom_model", quiet=True),
        frontier_quality=fields.flag("frontier_quality", quiet=True),
        api_only=fields.flag("api_only", quiet=True),
        least_quality=None if least is None else float(least),
        regions=fields.whole("regions", most=1000),
        changes_per_quarter=_float(fields, "changes_per_quarter", most="10000"),
        traffic=_traffic(fields),
    )
    if wanted.privacy and wanted.api_only:
        fields.fault("api_only", "cannot be demanded together with privacy")
    fields.close()
    return wanted


def _traffic(fields: Fields) -> tuple[TrafficClass, ...]:
    """Return the classes of requests; their shares make a whole."""
    if not fields.has("traffic"):
        fields.ignore("traffic")
        return ()
    found = []
    for place, raw in enumerate(fields.items("traffic", most=MOST_CLASSES)):
        path = fields.at(f"traffic[{place}]")
        if not isinstance(raw, Mapping):
            fields.notes.fault(path, f"must be an object, got {shown(raw)}")
            continue
        each = Fields(raw, path=path, notes=fields.notes)
        least = each.maybe("least_quality", most=Decimal(1))
        found.append(
            TrafficClass(
                name=each.text("name", required=True) or "",
                share=each.share("share"),
                least_quality=None if least is None else float(least),
                privacy=each.flag("privacy", quiet=True),
                custom_model=each.flag("custom_model", quiet=True),
            )
        )
        each.close()
    total = sum((each.share for each in found), Decimal(0))
    if found and abs(total - 1) > Decimal("1e-6"):
        fields.fault("traffic", f"shares must sum to 1, got {total}")
    if len({each.name for each in found}) < len(found):
        fields.fault("traffic", "two classes have the same name")
    return tuple(found)


def _reliability(fields: Fields) -> dict[str, Care]:
    found = {}
    for name in RELIABILITY:
        if not fields.has(name):
            fields.ignore(name)
            continue
        given = fields.group(name)
        found[name] = Care(
            owner=given.prose("owner", most=200),
            tested_on=given.day("tested_on"),
            monthly_cost=given.number("monthly_cost", default=Decimal(0)),
        )
        given.close()
    fields.close("part of the plan")
    return found


def _answers(fields: Fields) -> dict[str, Answer]:
    answers = {}
    for question in checklist.QUESTIONS:
        if not fields.has(question.id):
            fields.ignore(question.id)
            continue
        given = fields.group(question.id)
        answer = given.choice("answer", question.answers)
        evidence = given.prose("evidence", most=MOST_EVIDENCE)
        given.close()
        answers[question.id] = Answer(answer=answer or "no", evidence=evidence)
    fields.close("question")
    return answers


def _chosen(top: Fields, options: tuple[Option, ...]) -> str | None:
    chosen = top.text("chosen")
    names = [option.name for option in options]
    if chosen is not None and chosen not in names:
        top.fault("chosen", f"no option is called {shown(chosen)}{near(chosen, names)}")
    return chosen
