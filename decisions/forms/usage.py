"""Which column of a team's file means what?"""

from collections.abc import Sequence
from typing import Any

from django import forms

from decisions.usage.layouts import EACH_ROW, Mapping

TIMES = ("time", "date", "created", "timestamp")
CENT = 0.01
_SEVERAL = "Several are added up."


class UploadForm(forms.Form):
    """A file of usage."""

    file = forms.FileField(
        label="CSV, JSON or JSON Lines file, also packed with gzip or zip",
        widget=forms.FileInput(
            attrs={"accept": ".csv,.tsv,.json,.jsonl,.ndjson,.gz,.zip,text/csv,application/json"}
        ),
    )


class MappingForm(forms.Form):
    """The columns to read; no others are."""

    time = forms.ChoiceField(
        label="Time", help_text="ISO 8601, UTC where no zone is named; or seconds since 1970."
    )
    input = forms.MultipleChoiceField(
        label="Input tokens", required=False, help_text=f"All input, cached included. {_SEVERAL}"
    )
    cached = forms.MultipleChoiceField(
        label="Of these, cached", required=False, help_text=f"Billed at a cached price. {_SEVERAL}"
    )
    output = forms.MultipleChoiceField(label="Output tokens", required=False, help_text=_SEVERAL)
    requests = forms.ChoiceField(label="Requests", required=False)
    batch = forms.ChoiceField(
        label="Batch work",
        required=False,
        help_text="A column that says true, or batch, for work at a batch discount.",
    )
    cost = forms.ChoiceField(label="Spend", required=False)
    currency = forms.CharField(label="Currency of the spend", required=False, max_length=3)

    def __init__(self, *args: Any, columns: Sequence[str], **rest: Any) -> None:
        """Offer the file's columns."""
        super().__init__(*args, **rest)
        choices = [(name, name) for name in columns]
        for name, field in self.fields.items():
            if isinstance(field, forms.MultipleChoiceField):
                field.choices = choices
                field.widget.attrs["size"] = min(6, len(choices))
            elif isinstance(field, forms.ChoiceField):
                start = [("", "none")]
                if name == "requests":
                    start = [("", "not told"), (EACH_ROW, "each row is one request")]
                field.choices = [*([] if name == "time" else start), *choices]
        if self.initial.get("cost_unit", 1.0) == CENT:
            self.fields["cost"].help_text = f"{self.initial['cost']} is in cents: 100 make 1."
        if not self.initial.get("time"):
            likely = [c for c in columns if any(word in c.casefold() for word in TIMES)]
            self.initial = {**self.initial, "time": next(iter(likely), columns[0])}

    def clean(self) -> dict[str, Any]:
        """Refuse a file of which nothing would be read, and a column with two meanings."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        given, made = set(cleaned["input"]), set(cleaned["output"])
        if cleaned["cached"] and not given:
            self.add_error("cached", "Name the input tokens that these are a part of.")
        if not (given or made or cleaned["cost"]):
            self.add_error("input", "Name the tokens, or at least the spend.")
        if both := given & made:
            self.add_error("output", f"{min(both)} is named as input already.")
        return cleaned

    def mapping(self) -> Mapping:
        """Return the columns as the action takes them."""
        fields: dict[str, Any] = {
            name: tuple(self.cleaned_data[name]) for name in ("input", "cached", "output")
        }
        names = ("time", "requests", "batch", "cost", "currency")
        fields |= {name: self.cleaned_data[name] for name in names}
        if fields["cost"] == self.initial.get("cost"):
            fields["cost_unit"] = self.initial.get("cost_unit", 1.0)
        return Mapping(**fields)
