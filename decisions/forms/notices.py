"""What is asked about notices: which, where to, and for how long not?"""

from collections.abc import Iterable
from typing import Any

from django import forms

from decisions.models import Address, Delivery, Muted, Team
from decisions.notices import ALWAYS, CHOOSABLE


class WantedForm(forms.Form):
    """Which kinds of notices a person wants over which channels: a grid of boxes."""

    def __init__(self, *args: Any, muted: Iterable[tuple[str, str]] = (), **rest: Any) -> None:
        """Tick what is not muted."""
        super().__init__(*args, **rest)
        quiet = set(muted)
        for kind in CHOOSABLE:
            for channel in Muted.Channel:
                always = (kind, channel) in ALWAYS
                self.fields[f"{kind}-{channel}"] = forms.BooleanField(
                    label=f"{Delivery.Kind(kind).label}, by {channel.label}",
                    required=False,
                    disabled=always,
                    initial=always or (kind, channel) not in quiet,
                )

    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return each kind's name with its boxes, in the order of the channels."""
        return [
            (kind.label, [self[f"{kind}-{channel}"] for channel in Muted.Channel])
            for kind in CHOOSABLE
        ]

    def wanted(self) -> list[tuple[str, str]]:
        """Return the ticked pairs of kind and channel."""
        ticked = [name for name, is_on in self.cleaned_data.items() if is_on]
        return [(kind, channel) for kind, _, channel in (name.partition("-") for name in ticked)]


class AddressForm(forms.Form):
    """Where notices go beside e-mail."""

    service = forms.ChoiceField(label="Service", choices=Address.Service.choices)
    name = forms.CharField(label="Name", max_length=80, help_text="Such as “Ops channel”.")
    url = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"}),
        help_text="The incoming webhook's address. It is stored encrypted and not shown again.",
    )


class FeedForm(forms.Form):
    """Whose reviews a calendar shows."""

    team = forms.ModelChoiceField(
        label="Reviews of",
        queryset=Team.objects.none(),
        required=False,
        empty_label="all teams whose decisions I prepare or sign",
    )

    def __init__(self, *args: Any, teams: Any, **rest: Any) -> None:
        """Offer the teams that the person may read."""
        super().__init__(*args, **rest)
        field = self.fields["team"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells the type checker
        field.queryset = teams


class SnoozeForm(forms.Form):
    """Until when, and why, a person is not reminded."""

    until = forms.DateField(
        label="Remind me again on", widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(
        label="Reason", max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
