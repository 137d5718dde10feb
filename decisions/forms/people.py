"""What is asked about teams, their members, and oneself?"""

import zoneinfo
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet

from decisions.forms.numbers import NumberField
from decisions.models import Membership, User


class TeamForm(forms.Form):
    """What a team is called, and what its people cost."""

    name = forms.CharField(label="Name of the team", max_length=120)
    currency = forms.ChoiceField(
        label="Currency", help_text="New decisions of the team start with it."
    )
    loaded_cost_per_fte_year = NumberField(
        label="Cost of one engineer per year",
        required=False,
        above=True,
        most="1e9",
        help_text=(
            "Salary, taxes, equipment and overhead, in the team's currency. It is what the operations "
            "of self-hosting are charged with, often 100,000 to 200,000. Empty: options that need "
            "people have no cost yet."
        ),
    )

    approvals_needed = forms.IntegerField(
        label="Signatures that a review needs",
        required=False,
        min_value=1,
        max_value=9,
        initial=1,
        help_text=(
            "Of that many approvers, never of the person who submitted it. The last one freezes "
            "the record. Empty: one."
        ),
    )
    read_before_sign = forms.BooleanField(
        label="Approvers tick each part that changed before they sign",
        required=False,
    )

    def __init__(self, *args: Any, currencies: Iterable[str], **rest: Any) -> None:
        """Offer the currencies that prices can be converted into."""
        super().__init__(*args, **rest)
        field = self.fields["currency"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = [(code, code) for code in currencies]

    def clean_approvals_needed(self) -> int:
        """Return one where nothing was typed."""
        return self.cleaned_data["approvals_needed"] or 1


class DelegationForm(forms.Form):
    """Who signs for an approver, and on which days."""

    delegate = forms.ModelChoiceField(
        queryset=User.objects.none(), label="Who signs for you", empty_label="Pick a member"
    )
    from_on = forms.DateField(
        label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until_on = forms.DateField(
        label="Until, this day included",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, delegates: QuerySet[User], **rest: Any) -> None:
        """Offer the members whom the approver may name."""
        super().__init__(*args, **rest)
        field = self.fields["delegate"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells the type checker
        field.queryset = delegates


class MemberForm(forms.Form):
    """Who joins, and what they may do."""

    email = forms.EmailField(label="E-mail", max_length=254)
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.VIEWER)


class RoleForm(forms.Form):
    """What a member may do."""

    role = forms.ChoiceField(choices=Membership.Role.choices)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """The reader's own name and time zone."""

    time_zone = forms.ChoiceField(
        choices=[(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())],
        help_text="Times on all pages are shown in it. Signed records print UTC.",
    )

    class Meta:
        model = User
        fields = ("name", "time_zone")
        help_texts = {"name": "Printed beside your signature when you submit or sign a review."}


class TokenForm(forms.Form):
    """What a program's key is for."""

    name = forms.CharField(
        label="What the key is for", max_length=80, help_text="Such as “nightly cost report”."
    )
