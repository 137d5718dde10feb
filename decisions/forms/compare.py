"""Which option does the team choose, and why?"""

from collections.abc import Iterable
from typing import Any

from django import forms

from decisions.forms.base import VersionedForm
from decisions.models import Option


class ChooseForm(VersionedForm):
    """The choice, with the reason that approvers and later readers need."""

    option = forms.TypedChoiceField(
        label="Option", coerce=int, error_messages={"invalid_choice": "This option is gone."}
    )
    because = forms.CharField(
        label="Because",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, so that the approver and later readers know."},
    )

    def __init__(self, *args: Any, options: Iterable[Option], **rest: Any) -> None:
        """Offer the decision's options."""
        super().__init__(*args, **rest)
        choices = [("", "choose one"), *((option.pk, option.name) for option in options)]
        self.fields["option"].choices = choices  # type: ignore[attr-defined]
