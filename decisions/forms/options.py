"""What is known of one place where the workload could run, and which entry does a fault belong to?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from decisions.forms import figures
from decisions.forms.base import VersionedForm
from decisions.forms.numbers import PercentField
from decisions.models import Option

WHOLE = {"gpus", "tensor_parallel", "replicas", "term_months"}
GROUPS = (figures.PRICES, figures.MACHINES, figures.PEOPLE, figures.MORE)
NEEDED = "This is needed."
PRICE_NEEDED = "This is needed: pick a stored price above, or type one in."


@dataclass(frozen=True)
class Group:
    """Fields that stand together on the page."""

    title: str
    fields: list[forms.BoundField]

    @property
    def is_in_use(self) -> bool:
        """Return whether something in it is filled in or wrong, so that it must not be folded."""
        return any(field.errors or field.value() not in (None, "", False) for field in self.fields)


class OptionForm(VersionedForm):
    """One option of a kind. Figures may be left out where a stored price or a default stands in."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        help_text="How tables and charts call it. Empty: the stored price's own name.",
    )
    offer_id = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What the approver should know, such as a quote's number or where a figure is from.",
    )

    def __init__(
        self, *args: Any, kind: str, others: Sequence[Option], kept: Mapping[str, Any], **rest: Any
    ) -> None:
        """Ask for the figures of `kind`; `kept` are the stored ones, of which none is lost."""
        super().__init__(*args, **rest)
        self.kind, self.kept = kind, dict(kept)
        self._figures = figures.of(kind)
        for figure in self._figures:
            self.fields[figure.name] = figure.field()
        names = [option.name for option in others]
        self.fields["fallback_option"] = forms.ChoiceField(
            label="Falls back on",
            required=False,
            choices=[("", "nothing"), *((name, name) for name in names)],
            help_text="The option that answers when this one cannot.",
        )
        self.parts = self._part_fields(others) if kind == Option.Kind.HYBRID else {}

    def _part_fields(self, others: Sequence[Option]) -> dict[str, Any]:
        """Add a share for every option that can be a part; return what each field stands for."""
        inline = [p["option"] for p in self.kept.get("parts", []) if isinstance(p["option"], dict)]
        parts: dict[str, Any] = {f"part_{option.pk}": option.name for option in others}
        parts |= {f"own_part_{place}": option for place, option in enumerate(inline)}
        for field, part in parts.items():
            label = part if isinstance(part, str) else part.get("name", "a part of its own")
            self.fields[field] = PercentField(label=f"{label} (%)", required=False)
        self.fields["measure"] = forms.ChoiceField(
            label="The shares are of",
            choices=[("share", "tokens"), ("share_of_spend", "spend")],
            help_text="A share of spend is counted as the same share of tokens, and says so.",
        )
        return parts

    @property
    def groups(self) -> list[Group]:
        """Return the figures as the page shows them."""
        found = [
            Group(title, [self[f.name] for f in self._figures if f.group == title])
            for title in GROUPS
        ]
        for group in found:
            if group.title == figures.PEOPLE:
                group.fields.insert(len(group.fields) - 1, self["fallback_option"])
        return [group for group in found if group.fields]

    @property
    def part_fields(self) -> list[forms.BoundField]:
        """Return the shares of a hybrid's parts."""
        return [self[name] for name in self.parts]

    def clean(self) -> dict[str, Any]:
        """Refuse shares that do not make a whole, and half a fallback."""
        cleaned = super().clean() or self.cleaned_data
        if self.parts or self.kind == Option.Kind.HYBRID:
            self._refuse_broken_whole(cleaned)
        if cleaned.get("fallback_share") and not cleaned.get("fallback_option"):
            self.add_error("fallback_option", "Choose the option that takes this share.")
        return cleaned

    def _refuse_broken_whole(self, cleaned: Mapping[str, Any]) -> None:
        if any(name in self.errors for name in self.parts):
            return
        total = sum((cleaned.get(name) or Decimal(0) for name in self.parts), Decimal(0))
        if total != 1:
            percent = f"{total * 100:f}"
            percent = percent.rstrip("0").rstrip(".") if "." in percent else percent
            raise ValidationError(
                f"The shares of the parts must sum to 100 %; they sum to {percent} %."
            )

    def figures(self) -> dict[str, Any]:
        """Return the figures typed in, under the evaluation's names."""
        asked = {figure.path.split(".")[0] for figure in self._figures} | {"parts", "fallback"}
        typed: dict[str, Any] = {k: v for k, v in self.kept.items() if k not in asked}
        for figure in self._figures:
            value = _plain(figure.name, self.cleaned_data.get(figure.name))
            unticked = value is False and figure.make is figures.tick
            if value not in (None, "") and not unticked:
                _put(typed, figure.path, value)
        if _is_another_measurement(typed, self.kept):
            typed.pop("measured_source")
        typed.pop("fallback", None)
        if self.cleaned_data.get("fallback_option"):
            share = float(self.cleaned_data.get("fallback_share") or 0)
            typed["fallback"] = {"option": self.cleaned_data["fallback_option"], "share": share}
        if self.kind == Option.Kind.HYBRID:
            typed["parts"] = list(self._parts())
        return typed

    def _parts(self) -> Iterator[dict[str, Any]]:
        for name, part in self.parts.items():
            if share := self.cleaned_data.get(name):
                sent = {"class": tag} if (tag := self._class_of(part)) else {}
                yield {"option": part, self.cleaned_data["measure"]: float(share), **sent}

    def _class_of(self, part: object) -> str:
        """Return the class of traffic that the stored part answers, which the page does not ask."""
        stored = (p for p in self.kept.get("parts", []) if p["option"] == part)
        return str(next((p.get("class", "") for p in stored), ""))

    def refuse_fault(self, path: str, says: str) -> None:
        """Show a fault of the evaluation beside the entry that caused it."""
        self.refuse(*self.place_of(path, says))

    def place_of(self, path: str, says: str) -> tuple[str, str]:
        """Return the field that a fault of the evaluation belongs to, and what to say there."""
        field = self._field_of(path)
        shown = says[:1].upper() + says[1:]
        if path == "people.loaded_cost_per_fte_year":
            shown = "The team's cost of a person per year is needed for this. Set it on the team's page."
        elif says == "missing":
            is_price = field in {f.name for f in self._figures if f.group == figures.PRICES}
            shown = PRICE_NEEDED if is_price and self.kind in figures.OFFERS else NEEDED
        return field, shown if field in self.fields else f"{path}: {shown}"

    def _field_of(self, path: str) -> str:
        if path == "people.loaded_cost_per_fte_year":
            return "setup_weeks" if self.cleaned_data.get("setup_weeks") else "ops_fte"
        part = re.fullmatch(r"parts\[(\d+)\].*", path)
        if part:
            used = [name for name in self.parts if self.cleaned_data.get(name)]
            return used[int(part[1])] if int(part[1]) < len(used) else ""
        return {"fallback": "fallback_option"}.get(path, path.replace(".", "_"))


def _is_another_measurement(typed: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Say whether a measured figure was changed and still names the source of the old one."""
    source = typed.get("measured_source")
    if not source or source != kept.get("measured_source"):
        return False
    name = "measured_output_tokens_per_s"
    return typed.get(name) != kept.get(name)


def start(option: Option, *, version: int) -> dict[str, Any]:
    """Return what the form of a stored option starts with."""
    values: dict[str, Any] = {
        "version": version,
        "name": option.name,
        "offer_id": option.offer_id,
        "note": option.note,
    }
    for figure in figures.of(option.kind):
        value = _get(option.figures, figure.path)
        is_three = figure.make is figures.three
        values[figure.name] = {True: "yes", False: "no"}.get(value, "") if is_three else value
    fallback = option.figures.get("fallback")
    values["fallback_option"] = fallback.get("option") if isinstance(fallback, dict) else fallback
    return values | _start_of_parts(option)


def _start_of_parts(option: Option) -> dict[str, Any]:
    parts = option.figures.get("parts", [])
    ids = {other.name: other.pk for other in option.decision.options.all()}
    values: dict[str, Any] = {}
    own = 0
    for part in parts:
        measure = "share" if "share" in part else "share_of_spend"
        values["measure"] = measure
        if isinstance(part["option"], dict):
            values[f"own_part_{own}"] = part.get(measure)
            own += 1
        elif part["option"] in ids:
            values[f"part_{ids[part['option']]}"] = part.get(measure)
    return values


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if name in WHOLE and value == int(value) else float(value)
    return value


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    *groups, last = path.split(".")
    for group in groups:
        values = values.setdefault(group, {})
    values[last] = value


def _get(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
