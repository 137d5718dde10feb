"""Which options are compared, and what is known of each?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from decisions.evaluation.fields import Fields, Notes, near, shown
from decisions.evaluation.machines import read_commitment, read_machines, read_ownership, read_spot
from decisions.formulas.bills import TokenPrices
from decisions.question import (
    Fallback,
    Kind,
    Machines,
    Option,
    Part,
    Requirements,
    Setup,
    Workload,
)

MOST_DEPTH = 6
MOST_PARTS = 20
SHARES_TOLERANCE = Decimal("1e-6")
ZERO = Decimal(0)


@dataclass
class Options:
    """Reads the options; a hybrid's parts are looked up by name or read where they stand."""

    notes: Notes
    workload: Workload
    requirements: Requirements
    discount_rate_per_year: Decimal
    loaded_cost_stated: bool
    _fields: dict[str, Fields] = field(default_factory=dict)
    _built: dict[str, Option] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _missing_loaded_cost: list[str] = field(default_factory=list)

    def read(self, raw: list[Any]) -> tuple[Option, ...]:
        """Return all options, in the order given."""
        entries = [
            Fields(each, path=f"options[{place}]", notes=self.notes)
            for place, each in enumerate(raw)
            if self._is_object(each, f"options[{place}]")
        ]
        names = [self._register(entry) for entry in entries]
        options = tuple(self._named(name) for name in names if name is not None)
        if self._missing_loaded_cost:
            self.notes.fault(
                "people.loaded_cost_per_fte_year",
                f"missing; {self._missing_loaded_cost[0]} needs it",
            )
        return options

    def _is_object(self, value: object, path: str) -> bool:
        if isinstance(value, Mapping):
            return True
        self.notes.fault(path, f"must be an object, got {shown(value)}")
        return False

    def _register(self, entry: Fields) -> str | None:
        name = entry.text("name", required=True)
        if name is None:
            return None
        if name in self._fields:
            entry.fault("name", f"is used twice: {shown(name)}")
            return None
        self._fields[name] = entry
        return name

    def _named(self, name: str) -> Option:
        """Return the option of that name, reading it first if it has not been read yet."""
        if name not in self._built:
            self._open.append(name)
            self._built[name] = self._option(self._fields[name], name)
            self._open.pop()
        return self._built[name]

    def _option(self, entry: Fields, name: str) -> Option:
        kind = entry.choice("kind", list(Kind))
        if kind is None:
            return Option(name=name, kind=Kind.CLOSED_API)
        setup = self._setup(entry)
        ops_fte = entry.number("ops_fte", default=ZERO, most=Decimal(1000))
        if ops_fte and not self.loaded_cost_stated:
            self._missing_loaded_cost.append(entry.at("ops_fte"))
        option = Option(
            name=name,
            kind=kind,
            setup=setup,
            ops_fte=ops_fte,
            other_monthly=entry.number("other_monthly", default=ZERO),
            fallback=self._fallback(entry, name),
            commitment=read_commitment(entry),
            **self._abilities(entry, kind),
            **self._of_kind(entry, kind, name),
        )
        entry.close(f"field of {kind}")
        return option

    def _of_kind(self, entry: Fields, kind: Kind, name: str) -> dict[str, Any]:
        """Return what only this kind of option has."""
        readers: dict[bool, Callable[[], dict[str, Any]]] = {
            kind.is_api: lambda: self._api(entry),
            kind.has_gpus: lambda: self._gpus(entry, kind),
            kind is Kind.HYBRID: lambda: {"parts": self._parts(entry, name)},
        }
        return readers[True]()

    def _api(self, entry: Fields) -> dict[str, Any]:
        drift = entry.number(
            "price_drift_per_month", default=ZERO, least=Decimal("-0.5"), most=Decimal("0.5")
        )
        known = {"model": entry.text("model"), "price_drift_per_month": drift}
        bill = entry.maybe("monthly_cost", above=True)
        if bill is None:
            return known | {"prices": self._prices(entry)}
        self._refuse_beside_bill(entry, "input_per_mtok", "output_per_mtok")
        entry.ignore("cached_input_per_mtok", "batch_discount")
        self.notes.assumed.append(
            f"{entry.path}: the price per token is the monthly bill over today's tokens"
        )
        return known | {"monthly_cost": bill}

    def _prices(self, entry: Fields) -> TokenPrices:
        source, output = entry.number("input_per_mtok"), entry.number("output_per_mtok")
        if not source and not output:
            entry.fault("input_per_mtok", "must be positive when the output is free")
        cached = entry.maybe("cached_input_per_mtok")
        if cached is None and self.workload.volume.cached_input_share:
            self.notes.assume(entry.at("cached_input_per_mtok"), source)
        discount = entry.maybe("batch_discount", most=Decimal(1))
        if discount is None and self.workload.volume.batch_share:
            self.notes.assume(entry.at("batch_discount"), 0)
        return TokenPrices(
            input_per_mtok=source,
            output_per_mtok=output,
            cached_input_per_mtok=source if cached is None else cached,
            batch_discount=discount or ZERO,
        )

    def _gpus(self, entry: Fields, kind: Kind) -> dict[str, Any]:
        bill = entry.maybe("monthly_cost", above=True)
        machines: Machines = read_machines(entry, kind, self.workload, bill=bill)
        known: dict[str, Any] = {"machines": machines, "model": machines.model}
        if bill is not None:
            priced = "price_per_gpu_hour", "upfront_cost", "purchase_per_gpu", "spot"
            self._refuse_beside_bill(entry, *priced)
            return known | {"monthly_cost": bill}
        if kind is Kind.OWNED_GPU:
            rate = self.discount_rate_per_year
            return known | {"ownership": read_ownership(entry, cost_of_capital=rate)}
        return known | {"spot": read_spot(entry)}

    def _refuse_beside_bill(self, entry: Fields, *names: str) -> None:
        for name in names:
            if entry.has(name):
                entry.fault(name, "cannot stand beside monthly_cost: give the prices or the bill")
        entry.ignore(*names)

    def _setup(self, entry: Fields) -> Setup:
        cost = entry.maybe("setup_cost")
        weeks = entry.maybe("setup_weeks", most=Decimal(520))
        if weeks is None:
            if entry.has("setup_people"):
                entry.fault("setup_people", "needs setup_weeks")
            entry.ignore("setup_people")
            if cost is None:
                self.notes.assume(entry.at("setup_cost"), 0)
            return Setup(cost=cost or ZERO)
        if cost is not None:
            entry.fault("setup_cost", "cannot stand beside setup_weeks: give one of the two")
        people = entry.number("setup_people", default=Decimal(1), most=Decimal(1000))
        if weeks and people and not self.loaded_cost_stated:
            self._missing_loaded_cost.append(entry.at("setup_weeks"))
        return Setup(cost=ZERO, weeks=weeks, people=people)

    def _abilities(self, entry: Fields, kind: Kind) -> dict[str, Any]:
        """Return what the option can do; the defaults are listed only where something asks."""
        wanted = self.requirements
        quality, before = (
            entry.maybe(name, most=Decimal(1)) for name in ("quality", "quality_before")
        )
        times = {
            ours: entry.maybe(theirs, above=True)
            for ours, theirs in (("ttft_ms", "measured_ttft_ms"), ("tpot_ms", "measured_tpot_ms"))
        }
        return {
            "runs_privately": entry.flag(
                "runs_privately", default=kind.is_self_hosted, quiet=not wanted.privacy
            ),
            "custom_model": entry.flag(
                "custom_model", default=kind.has_gpus, quiet=not wanted.custom_model
            ),
            "quality": None if quality is None else float(quality),
            "quality_before": None if before is None else float(before),
            "quality_by_class": self._quality_by_class(entry),
            **{name: None if value is None else float(value) for name, value in times.items()},
        }

    def _quality_by_class(self, entry: Fields) -> dict[str, float]:
        """Return the measured quality of each class of requests that was tested by itself."""
        names = [each.name for each in self.requirements.traffic]
        given = entry.group("quality_by_class")
        found = {name: given.maybe(name, most=Decimal(1)) for name in names}
        # A score of a class that the team has taken away since is no fault.
        given.ignore(*given.raw)
        return {name: float(score) for name, score in found.items() if score is not None}

    def _fallback(self, entry: Fields, own_name: str) -> Fallback | None:
        given = entry.get("fallback")
        if given is None:
            return None
        if isinstance(given, str):
            given = {"option": given}
        if not isinstance(given, Mapping):
            entry.fault("fallback", f"must name an option, got {shown(given)}")
            return None
        fields = Fields(given, path=entry.at("fallback"), notes=self.notes)
        name = fields.text("option", required=True)
        share = fields.share("share", default=ZERO)
        fields.close()
        if name == own_name:
            fields.fault("option", "an option cannot be its own fallback")
        elif name is not None and name not in self._fields:
            fields.fault("option", self._unknown(name))
        else:
            return Fallback(option=name or "", share=share)
        return None

    def _unknown(self, name: str) -> str:
        return f"no option is called {shown(name)}{near(name, self._fields)}"

    def _parts(self, entry: Fields, name: str) -> tuple[Part, ...]:
        parts = []
        total = ZERO
        for place, raw in enumerate(entry.items("parts", most=MOST_PARTS)):
            path = entry.at(f"parts[{place}]")
            if not self._is_object(raw, path):
                continue
            fields = Fields(raw, path=path, notes=self.notes)
            share = self._part_share(fields)
            traffic = fields.text("class")
            option = self._part_option(fields, f"{name} part {place + 1}")
            fields.close()
            total += share
            if option is not None and share:
                parts.append(Part(option=option, share=share, traffic=traffic))
        if parts and abs(total - 1) > SHARES_TOLERANCE:
            entry.fault("parts", f"shares must sum to 1, got {total}")
        return tuple(parts)

    def _part_share(self, fields: Fields) -> Decimal:
        if not fields.has("share_of_spend"):
            fields.ignore("share_of_spend")
            return fields.share("share")
        if fields.has("share"):
            fields.fault("share", "cannot stand beside share_of_spend: give one of the two")
        fields.ignore("share")
        share = fields.share("share_of_spend")
        self.notes.assumed.append(
            f"{fields.path}: {share} of the spend is counted as {share} of the tokens"
        )
        return share

    def _part_option(self, fields: Fields, inline_name: str) -> Option | None:
        given = fields.get("option")
        if isinstance(given, str):
            return self._part_named(fields, given.strip())
        if not isinstance(given, Mapping):
            says = "missing" if given is None else f"must name an option, got {shown(given)}"
            fields.fault("option", says)
            return None
        if len(self._open) >= MOST_DEPTH:
            fields.fault("option", f"hybrids are nested more than {MOST_DEPTH} deep")
            return None
        entry = fields.group("option")
        name = entry.text("name") or inline_name
        self._open.append("")
        option = self._option(entry, name)
        self._open.pop()
        return option

    def _part_named(self, fields: Fields, name: str) -> Option | None:
        if name not in self._fields:
            fields.fault("option", self._unknown(name))
        elif name in self._open:
            circle = " → ".join([*filter(None, self._open[self._open.index(name) :]), name])
            fields.fault("option", f"goes round in a circle: {circle}")
        else:
            return self._named(name)
        return None
