"""Why is a record held, or let go?"""

from django import forms


class HoldForm(forms.Form):
    """The reason, which the audit trail keeps."""

    because = forms.CharField(
        label="Because",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Such as the number of the case. The audit trail keeps it.",
    )
