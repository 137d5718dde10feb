"""For which period and team is evidence asked?"""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from decisions import quarters
from decisions.models import Team

QUARTERS_BACK = 12


class PackForm(forms.Form):
    """A calendar quarter, or days of one's own; one team, or all that the person may see."""

    quarter = forms.ChoiceField(label="Calendar quarter", required=False)
    from_on = forms.DateField(
        label="Or from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until_on = forms.DateField(
        label="Until, this day included",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    team = forms.ModelChoiceField(
        queryset=Team.objects.none(),
        label="Team",
        required=False,
        empty_label="All teams that I may see",
    )

    def __init__(self, *args: Any, teams: QuerySet[Team], today: date, **rest: Any) -> None:
        """Offer the last quarters and the teams that the person may see."""
        super().__init__(*args, **rest)
        quarter, team = self.fields["quarter"], self.fields["team"]
        assert isinstance(quarter, forms.ChoiceField)  # noqa: S101 - tells the type checker
        assert isinstance(team, forms.ModelChoiceField)  # noqa: S101 - tells the type checker
        names = quarters.names_back(today, count=QUARTERS_BACK)
        quarter.choices = [("", "Other days"), *((name, name) for name in names)]
        quarter.initial = names[0]
        team.queryset = teams.order_by("name")

    def clean(self) -> dict[str, Any]:
        """Turn a quarter into its days; refuse half a period and one that ends before it begins."""
        values = super().clean() or self.cleaned_data
        first, last = values.get("from_on"), values.get("until_on")
        name = values.get("quarter")
        if name and (first or last):
            self.add_error("quarter", "Pick a quarter or days, not both: choose “Other days” here.")
        elif name:
            values["from_on"], values["until_on"] = quarters.days_of(name)
        elif "from_on" in values and "until_on" in values:
            for field in ("from_on", "until_on"):
                if values[field] is None:
                    self.add_error(field, "Say this day, or pick a quarter.")
            if first and last and last < first:
                self.add_error("until_on", "The last day is before the first.")
        return values
