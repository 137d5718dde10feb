"""Which families of models are watched, and from which day does a rule apply?"""

from collections.abc import Iterable
from typing import Any

from django import forms

from decisions.forms.base import VersionedForm


class WatchForm(VersionedForm):
    """What calls for another look beside figures that move."""

    watched_families = forms.MultipleChoiceField(
        label="Families of models to watch",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text="Hold Ctrl or ⌘ to pick several. None: the families of the decision's own options.",
    )
    compliance_on = forms.DateField(
        label="A rule applies from",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="On this day a flag asks whether the decision still complies.",
    )
    compliance_because = forms.CharField(
        label="Which rule",
        required=False,
        max_length=200,
        help_text="Such as the clause of a contract or the article of a law.",
    )

    def __init__(self, *args: Any, families: Iterable[str], **rest: Any) -> None:
        """Offer the families that the price book knows."""
        super().__init__(*args, **rest)
        field = self.fields["watched_families"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(name, name) for name in families]

    def clean(self) -> dict[str, Any]:
        """Refuse a day without its rule, and a rule without its day."""
        entered = super().clean() or {}
        if entered.get("compliance_on") and not entered.get("compliance_because"):
            self.add_error("compliance_because", "Say which rule applies from that day.")
        if entered.get("compliance_because") and not entered.get("compliance_on"):
            self.add_error("compliance_on", "Say from which day it applies.")
        return entered
