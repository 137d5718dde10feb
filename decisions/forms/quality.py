"""Which classes of requests are there, how good must each answer be, and what was measured?"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from decisions.forms.base import VersionedForm
from decisions.forms.numbers import PercentField
from decisions.quality import as_class
from decisions.words import quantity

ROWS = 4


class TrafficForm(VersionedForm):
    """Up to four classes of requests; empty rows are left out."""

    def __init__(self, *args: Any, **rest: Any) -> None:
        super().__init__(*args, **rest)
        for row in range(ROWS):
            self.fields[f"name_{row}"] = forms.CharField(
                label="Class", required=False, max_length=40
            )
            self.fields[f"share_{row}"] = PercentField(label="Share (%)", required=False)
            self.fields[f"least_{row}"] = PercentField(label="Least quality (%)", required=False)
            self.fields[f"privacy_{row}"] = forms.BooleanField(label="private", required=False)
            self.fields[f"custom_{row}"] = forms.BooleanField(label="own model", required=False)

    @property
    def rows(self) -> list[dict[str, forms.BoundField]]:
        """Return the fields of each row."""
        names = ("name", "share", "least", "privacy", "custom")
        return [{name: self[f"{name}_{row}"] for name in names} for row in range(ROWS)]

    def clean(self) -> dict[str, Any]:
        """Refuse a class without a name or a share, and shares that do not make a whole."""
        cleaned = super().clean() or self.cleaned_data
        for row in range(ROWS):
            name, share = cleaned.get(f"name_{row}"), cleaned.get(f"share_{row}")
            if name and share is None and f"share_{row}" not in self.errors:
                self.add_error(f"share_{row}", "Which share of the tokens?")
            if not name and (share or cleaned.get(f"least_{row}")):
                self.add_error(f"name_{row}", "Name the class.")
        names = [cleaned[f"name_{row}"] for row in range(ROWS) if cleaned.get(f"name_{row}")]
        if len(set(names)) < len(names):
            raise ValidationError("Two classes have the same name.")
        total = sum((cleaned.get(f"share_{row}") or Decimal(0) for row in range(ROWS)), Decimal(0))
        if names and not self.errors and total != 1:
            raise ValidationError(
                f"The shares must sum to 100 %; they sum to {quantity(total * 100)} %."
            )
        return cleaned

    def classes(self) -> list[dict[str, Any]]:
        """Return the classes as the workload stores them."""
        return [
            as_class(
                name=self.cleaned_data[f"name_{row}"],
                share=self.cleaned_data[f"share_{row}"],
                least_quality=self.cleaned_data[f"least_{row}"],
                privacy=self.cleaned_data[f"privacy_{row}"],
                custom_model=self.cleaned_data[f"custom_{row}"],
            )
            for row in range(ROWS)
            if self.cleaned_data[f"name_{row}"]
        ]


def start_of_traffic(classes: Sequence[dict[str, Any]], *, version: int) -> dict[str, Any]:
    """Return what the form of the stored classes starts with."""
    values: dict[str, Any] = {"version": version}
    for row, each in enumerate(classes[:ROWS]):
        values |= {
            f"name_{row}": each["name"],
            f"share_{row}": each["share"],
            f"least_{row}": each.get("least_quality"),
            f"privacy_{row}": each.get("privacy", False),
            f"custom_{row}": each.get("custom_model", False),
        }
    return values


class ScoreForm(VersionedForm):
    """One evaluation of one option."""

    option_name = forms.ChoiceField(label="Option")
    traffic_class = forms.ChoiceField(label="Class of requests", required=False)
    score = PercentField(label="Score (%)", help_text="On your own tasks, from 0 to 100 %.")
    benchmark = forms.CharField(
        label="Benchmark", max_length=120, help_text="Such as “500 support tickets, judged blind”."
    )
    measured_on = forms.DateField(
        label="Measured on", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    evidence_url = forms.URLField(
        label="Where it is written", required=False, max_length=500, assume_scheme="https"
    )
    file = forms.FileField(
        label="Or a file", required=False, help_text="At most 2 MB: pdf, csv, json, xlsx, txt, png."
    )
    note = forms.CharField(label="Or a note", required=False, max_length=2000)

    def __init__(
        self, *args: Any, options: Iterable[str], classes: Iterable[str], **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        for name, choices in (
            ("option_name", [(each, each) for each in options]),
            ("traffic_class", [("", "all requests"), *((each, each) for each in classes)]),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices
