"""What is asked for a new decision? Only what cannot be filled in later."""

from collections.abc import Iterable
from typing import Any

from django import forms


class NewDecisionForm(forms.Form):
    """A name, and the currency that everything is compared in."""

    name = forms.CharField(
        label="What is decided",
        max_length=120,
        help_text="The workload in a few words, such as “Support answers” or “Invoice extraction”.",
    )
    purpose = forms.CharField(
        label="What the workload does",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Who uses it and what happens when it is slow or wrong. The approver reads this.",
    )
    currency = forms.ChoiceField(
        help_text="Prices in other currencies are converted at the European Central Bank's rate."
    )

    def __init__(self, *args: Any, currencies: Iterable[str], **rest: Any) -> None:
        """Offer the currencies that prices can be converted into."""
        super().__init__(*args, **rest)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(code, code) for code in currencies]
