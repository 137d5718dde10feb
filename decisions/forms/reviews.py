"""What does a person say when a review goes one step on?"""

from typing import Any

from django import forms

from decisions.changes import PARTS

MONTHS = (1, 2, 3, 6, 12, 24)


def _text(label: str, *, required: bool, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=4000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text,
    )


class SubmitForm(forms.Form):
    """Handing a review to an approver."""

    note = _text("Note to the approver", required=False, help_text="It is printed in the record.")


class ReasonForm(forms.Form):
    """Why something goes back, or why nothing changes."""

    reason = _text("Reason", required=True)


class CommentForm(forms.Form):
    """Something said about a review."""

    text = _text("Comment", required=True)


class WithdrawForm(forms.Form):
    """Why a submission is taken back."""

    reason = _text("Why it is withdrawn", required=True)


class SignForm(forms.Form):
    """A signature: a note, what was read, and the password or a passkey once more."""

    note = _text("Note", required=False, help_text="It is printed in the record.")
    password = forms.CharField(
        label="Your password",
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Typed once more, so that nobody signs at a screen left open.",
    )
    credential = forms.JSONField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    read = forms.MultipleChoiceField(required=False, choices=list(PARTS.items()))

    def clean(self) -> dict[str, Any]:
        """Refuse a form with neither password nor passkey."""
        entered = super().clean() or {}
        if not entered.get("password") and not entered.get("credential") and not self.errors:
            self.add_error("password", "Type your password to sign.")
        return entered


class CadenceForm(forms.Form):
    """How often a decision is reviewed."""

    months = forms.TypedChoiceField(
        label="Review it",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", "every calendar quarter"),
            *((n, f"{n} {'month' if n == 1 else 'months'} after each sign-off") for n in MONTHS),
        ],
    )
    was = forms.IntegerField(required=False, widget=forms.HiddenInput)
