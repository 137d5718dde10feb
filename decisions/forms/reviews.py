"""What does a person say when a review goes one step on?"""

from django import forms


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


class SignForm(forms.Form):
    """A signature: a note, and the password once more."""

    note = _text("Note", required=False, help_text="It is printed in the record.")
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Typed once more, so that nobody signs at a screen left open.",
    )
