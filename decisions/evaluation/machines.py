"""What is known of an option's GPUs, and what can they serve?"""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from decisions import catalogue, model_configs, support
from decisions.evaluation.fields import Fields
from decisions.formulas import capacity
from decisions.formulas.bills import HOURS_PER_MONTH
from decisions.formulas.capacity import Replica
from decisions.formulas.commitment import Commitment
from decisions.formulas.owned import Ownership
from decisions.formulas.spot import Spot
from decisions.question import Kind, Machines, Workload

MOST_GPUS = 1_000_000
MOST_MODEL_SIZE = 1_000_000
LONGEST_MONTH_HOURS = Decimal(744)
USUAL_QUANTIZATION = "bf16"
USUAL_LIFETIME_YEARS = Decimal(4)
USUAL_PUE = Decimal("1.3")
USUAL_FAILURE_RATE = Decimal("0.05")

Named = TypeVar("Named")


def read_machines(
    entry: Fields, kind: Kind, workload: Workload, *, bill: Decimal | None
) -> Machines:
    """Return the machines of an option; their price is required unless the bill is known."""
    gpus = entry.whole("gpus", most=MOST_GPUS)
    replicas = entry.whole("replicas", most=MOST_GPUS)
    tuned = entry.flag("tuned", default=True, quiet=True)
    estimate, replica = _replica(entry, workload, gpus, replicas, tuned=tuned)
    if gpus is None and replicas is not None and replica is not None:
        gpus = replicas * replica.tensor_parallel
    if gpus is None and bill is None and replica is None and not _size_is_faulty(entry):
        entry.fault("gpus", "missing; without gpu and model their number cannot be worked out")
    if gpus is None and bill is None and replica is not None and not replica.fits:
        entry.fault("gpus", f"missing, and their number cannot be worked out: {replica.why}")
    if gpus is not None and replica is None:
        entry.notes.assumed.append(
            f"{entry.path}: capacity unknown, because gpu or model is not stated"
        )
    rented = kind is not Kind.OWNED_GPU
    price = None
    if rented and bill is None:
        price = entry.number("price_per_gpu_hour", above=True, most=Decimal("1e9"))
    hours = _hours(entry, rented=rented)
    peak = entry.maybe("peak_to_mean", least=Decimal(1), most=Decimal(1000))
    return Machines(
        peak_to_mean=None if peak is None else float(peak),
        gpus=gpus,
        replicas=replicas,
        price_per_gpu_hour=price,
        hours_per_month=hours,
        hours_stated=entry.has("hours_per_month"),
        upfront_cost=_upfront(entry, bill=bill),
        term_months=entry.whole("term_months", most=240),
        gpu=entry.text("gpu"),
        model=entry.text("model"),
        quantization=entry.text("quantization"),
        tuned=tuned,
        replica=replica,
        estimate=estimate,
    )


def read_ownership(entry: Fields, *, cost_of_capital: Decimal) -> Ownership:
    """Return what owning a GPU takes. Prices are required; usual values fill in the rest."""
    return Ownership(
        purchase_per_gpu=entry.number("purchase_per_gpu", above=True),
        residual_share=entry.share("residual_share", default=Decimal(0)),
        lifetime_years=entry.number(
            "lifetime_years", default=USUAL_LIFETIME_YEARS, least=Decimal("0.1"), most=Decimal(30)
        ),
        cost_of_capital=entry.share("cost_of_capital", default=cost_of_capital),
        kw_per_gpu=entry.number("kw_per_gpu", above=True, most=Decimal(100)),
        pue=entry.number("pue", default=USUAL_PUE, least=Decimal(1), most=Decimal(10)),
        price_per_kwh=entry.number("price_per_kwh", above=True),
        colo_per_kw_month=entry.number("colo_per_kw_month"),
        annual_failure_rate=entry.share("annual_failure_rate", default=USUAL_FAILURE_RATE),
    )


def read_spot(entry: Fields) -> Spot | None:
    """Return the terms of spot capacity; None when it is not spot."""
    if not entry.has("spot"):
        entry.ignore("spot")
        return None
    fields = entry.group("spot")
    spot = Spot(
        discount=fields.share("discount"),
        interruptions_per_month=fields.number("interruptions_per_month", most=Decimal(100_000)),
        recovery_minutes=fields.number("recovery_minutes", most=Decimal(50_000)),
        drained=fields.flag("drained", default=False),
    )
    if spot.discount == 1:
        fields.fault("discount", "must be below 1: spot capacity is not free")
    fields.close()
    return spot


def _hours(entry: Fields, *, rented: bool) -> Decimal:
    if not rented:
        return HOURS_PER_MONTH
    return entry.number(
        "hours_per_month", default=HOURS_PER_MONTH, above=True, most=LONGEST_MONTH_HOURS
    )


def _upfront(entry: Fields, *, bill: Decimal | None) -> Decimal:
    if bill is not None:
        return Decimal(0)
    return entry.number("upfront_cost", default=Decimal(0))


def _size_is_faulty(entry: Fields) -> bool:
    """Say whether a fault already explains why there is no replica."""
    return any(fault.path.startswith(entry.path + ".") for fault in entry.notes.faults)


def _replica(
    entry: Fields, workload: Workload, gpus: int | None, replicas: int | None, *, tuned: bool
) -> tuple[Replica | None, Replica | None]:
    """Return one replica as a tuned server would run it, and as this team runs it.

    None when GPU or model is not stated, or is faulty.
    """
    gpu = _known(entry, "gpu", catalogue.gpu)
    model = _own_model(entry) or _known(entry, "model", catalogue.model)
    wide = _tensor_parallel(entry, gpus, replicas)
    measured = entry.maybe(
        "measured_output_tokens_per_s", least=Decimal("0.01"), most=Decimal("1e7")
    )
    entry.prose("measured_source", most=400)  # for people alone
    server = _known(entry, "server", catalogue.server)
    number_format = _known(entry, "quantization", catalogue.quantization)
    if gpu is None or model is None:
        return None, None
    if number_format is None:
        if not entry.has("quantization"):
            entry.notes.assume(entry.at("quantization"), USUAL_QUANTIZATION)
        number_format = catalogue.quantization(USUAL_QUANTIZATION)
    server = _server(entry, server, gpu, number_format, measured=measured is not None)
    if server is None:
        return None, None
    layout = {
        "model": model,
        "quantization": number_format,
        "gpu": gpu,
        "gpus": gpus,
        "tensor_parallel": wide,
        "mean_input_tokens": workload.mean_input_tokens,
        "mean_output_tokens": workload.mean_output_tokens,
        "ttft_ms": workload.ttft_ms,
        "tpot_ms": workload.tpot_ms,
        "server": server.name,
        "tuned": tuned,
        "headroom": workload.headroom,
    }
    return _built(entry, layout, None if measured is None else float(measured))


def _server(
    entry: Fields,
    named: catalogue.Server | None,
    gpu: catalogue.Gpu,
    number_format: catalogue.Quantization,
    *,
    measured: bool,
) -> catalogue.Server | None:
    """Return the server that runs this; None, with a fault, when it is known not to.

    What the team measured itself runs, whatever the catalogue says.
    """
    if named is None and entry.has("server"):
        return None
    if measured:
        return named or catalogue.server(support.PREFERRED)
    try:
        found = named or support.usual(gpu, number_format)
        support.check(found, gpu, number_format)
    except support.Unsupported as refusal:
        entry.fault(refusal.field, refusal.says)
        return None
    if named is None and found.name != support.PREFERRED:
        entry.notes.assume(entry.at("server"), found.name)
    return found


def _own_model(entry: Fields) -> catalogue.Model | None:
    """Return the model that the team describes by its config.json; None when it does not."""
    if not entry.has("model_config"):
        entry.ignore("model_config")
        return None
    fields = entry.group("model_config")
    config = fields.group("config")
    total = fields.number("params_total", least=Decimal(1), most=Decimal("1e14"))
    active = fields.maybe("params_active", least=Decimal(1), most=Decimal("1e14"))
    fields.close()
    try:
        model = model_configs.model_from_config(
            config.raw,
            name=entry.text("model") or "a model of the team's own",
            params_total=float(total),
            params_active=None if active is None else float(active),
        )
    except (ValueError, ArithmeticError) as refusal:
        fields.fault("config", str(refusal))
        return None
    sizes = model.layers, model.hidden, model.head_dim, model.attention_heads, model.experts
    if max(*sizes, model.mla_latent_rank or 0, model.mla_rope_dim or 0) > MOST_MODEL_SIZE:
        fields.fault("config", f"holds a size above {MOST_MODEL_SIZE:,}")
    return model


def _built(
    entry: Fields, layout: dict[str, object], measured: float | None
) -> tuple[Replica | None, Replica | None]:
    build: Callable[..., Replica] = capacity.replica
    try:
        estimate = build(**{**layout, "tuned": True})
        if measured is None and layout["tuned"]:
            return estimate, estimate
        return estimate, build(**layout, measured_output_tokens_per_s=measured)
    except capacity.Impossible as refusal:
        entry.fault("tensor_parallel" if layout["tensor_parallel"] else "gpus", str(refusal))
    except (ValueError, ArithmeticError) as refusal:
        entry.fault("gpu", str(refusal))
    return None, None


def _tensor_parallel(entry: Fields, gpus: int | None, replicas: int | None) -> int | None:
    """Return the GPUs per replica where they are stated or follow from GPUs and replicas."""
    wide = entry.whole("tensor_parallel", most=1024)
    if not gpus or not replicas:
        return wide
    if wide is None and gpus % replicas == 0:
        return gpus // replicas
    if wide is None or wide * replicas > gpus:
        entry.fault("replicas", f"{replicas} replicas cannot share {gpus} GPUs evenly")
    return wide


def _known(entry: Fields, name: str, find: Callable[[str], Named]) -> Named | None:
    """Return what the catalogue holds under a name; an unknown one is refused with near names."""
    given = entry.text(name)
    if given is None:
        return None
    try:
        return find(given)
    except catalogue.UnknownName as unknown:
        offer = f"; did you mean {' or '.join(unknown.near)}?" if unknown.near else ""
        entry.fault(name, f"unknown {name} {given!r}{offer}")
        return None


def read_commitment(entry: Fields) -> Commitment | None:
    """Return what is owed for the option until a day, whoever uses it; None when nothing is."""
    per_month, until = entry.maybe("committed_per_month"), entry.day("committed_until")
    if (per_month is None) != (until is None):
        name = "committed_per_month" if per_month is None else "committed_until"
        entry.fault(name, "missing; committed_per_month and committed_until need each other")
    if per_month is None or until is None:
        return None
    return Commitment(per_month=per_month, until=until)
