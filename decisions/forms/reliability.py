"""What does the team plan for each of the six parts of reliability?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from decisions.forms.base import VersionedForm
from decisions.forms.numbers import NumberField
from decisions.models import ReliabilityPart

Part = ReliabilityPart.Part
HINTS = {
    Part.HEALTH_CHECKS: "Who notices that an instance hangs, and what restarts it?",
    Part.DEGRADATION: "When capacity is used up: slower answers, a smaller model, a queue?",
    Part.FALLBACK: "Which API answers when your machines do not, and who switches?",
    Part.SPARE_HARDWARE: "GPUs fail: what stands by, or how fast does a new one come?",
    Part.REGIONS: "Where are the users, and what serves those far away?",
    Part.UPDATES: "How do new models and server versions get in without an outage?",
}


@dataclass(frozen=True)
class Fieldset:
    """One part of the plan on the page."""

    title: str
    hint: str
    fields: list[forms.BoundField]


class ReliabilityForm(VersionedForm):
    """All six parts; none has to be filled in at once."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        for part in Part:
            self.fields[f"{part}_plan"] = forms.CharField(
                label="What happens",
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"{part}_owner"] = forms.CharField(
                label="Owner", required=False, max_length=120
            )
            self.fields[f"{part}_tested_on"] = forms.DateField(
                label="Last tested",
                required=False,
                widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
            )
            self.fields[f"{part}_monthly_cost"] = NumberField(
                label="Cost per month", required=False, most="1e9"
            )

    @property
    def fieldsets(self) -> Iterator[Fieldset]:
        """Yield the parts in their order."""
        for part in Part:
            names = ("plan", "owner", "tested_on", "monthly_cost")
            fields = [self[f"{part}_{name}"] for name in names]
            yield Fieldset(str(part.label), HINTS[part], fields)

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts in which something is stated, or was until now."""
        found = []
        for part in Part:
            names = ("plan", "owner", "tested_on", "monthly_cost")
            values = {name: self.cleaned_data[f"{part}_{name}"] for name in names}
            if any(v not in ("", None) for v in values.values()) or self._was_stated(part):
                found.append({"part": part.value, **values})
        return found

    def _was_stated(self, part: Part) -> bool:
        return any(str(name).startswith(f"{part}_") for name in self.changed_data)


def initial(parts: Iterable[ReliabilityPart], *, version: int) -> dict[str, Any]:
    """Return what the form starts with: the stored plan."""
    values: dict[str, Any] = {"version": version}
    for each in parts:
        values |= {
            f"{each.part}_plan": each.plan,
            f"{each.part}_owner": each.owner,
            f"{each.part}_tested_on": each.tested_on,
            f"{each.part}_monthly_cost": each.monthly_cost,
        }
    return values
