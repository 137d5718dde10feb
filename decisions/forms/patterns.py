"""Which share of the requests is of which class, how good must its answer be, and who gives it?"""

from collections.abc import Sequence
from typing import Any

from django import forms

from decisions.forms.base import VersionedForm
from decisions.forms.numbers import PercentField
from decisions.models import Option
from decisions.patterns import Pattern, Route


class PatternForm(VersionedForm):
    """A mix of two classes of requests."""

    name = forms.CharField(label="Name of the mix", max_length=80)

    def __init__(
        self, *args: Any, pattern: Pattern, options: Sequence[Option], **rest: Any
    ) -> None:
        """Offer for each class the options, those of the usual kinds first."""
        super().__init__(*args, **rest)
        self.pattern = pattern
        self.fields["name"].initial = pattern.title[:80]
        for place, side in enumerate(pattern.sides):
            fitting = [option for option in options if option.kind in side.kinds]
            usual = [o.name for o in sorted(fitting, key=lambda o: side.kinds.index(o.kind))]
            others = [o.name for o in options if o.name not in usual and o.kind != "hybrid"]
            self.fields[f"class_{place}"] = forms.CharField(
                label="Class of requests", max_length=40, initial=side.name
            )
            self.fields[f"share_{place}"] = PercentField(
                label="Share of the tokens (%)", above=True, initial=side.share
            )
            self.fields[f"least_{place}"] = PercentField(
                label="Least quality (%)", required=False, help_text="Empty: none asked."
            )
            self.fields[f"option_{place}"] = forms.ChoiceField(
                label="Goes to", choices=[(each, each) for each in (*usual, *others)]
            )

    @property
    def sides(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields of each class, with what it demands of whoever answers."""
        names = ("class", "share", "least", "option")
        return [
            (_demands(side.privacy, side.custom_model), [self[f"{n}_{place}"] for n in names])
            for place, side in enumerate(self.pattern.sides)
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse shares that do not make a whole, and two classes of one name."""
        cleaned = super().clean() or self.cleaned_data
        first, second = (cleaned.get(f"share_{place}") for place in (0, 1))
        if first is not None and second is not None and first + second != 1:
            self.add_error("share_1", "The two shares must sum to 100 %.")
        if cleaned.get("class_0") and cleaned.get("class_0") == cleaned.get("class_1"):
            self.add_error("class_1", "The two classes need different names.")
        return cleaned

    def routes(self) -> list[Route]:
        """Return the two classes with where they go."""
        return [
            Route(
                name=self.cleaned_data[f"class_{place}"],
                share=self.cleaned_data[f"share_{place}"],
                least_quality=self.cleaned_data[f"least_{place}"],
                option=self.cleaned_data[f"option_{place}"],
                privacy=side.privacy,
                custom_model=side.custom_model,
            )
            for place, side in enumerate(self.pattern.sides)
        ]


def _demands(privacy: bool, custom_model: bool) -> str:
    if privacy:
        return "must be answered on infrastructure of your own"
    return "must be answered by a model of your own" if custom_model else "no special demand"
