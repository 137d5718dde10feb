"""How does a form keep what was typed when somebody else was faster, or when an action refuses it?"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict


class Difference(NamedTuple):
    """A field that says something else in the form than in what is stored by now."""

    label: str
    typed: str
    stored: str


class VersionedForm(forms.Form):
    """A form about a decision, which carries the version of the decision that it was opened on."""

    # Where the form differs from what somebody else stored meanwhile.
    conflicts: tuple[Difference, ...] = ()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def refuse(self, field: str, says: str) -> None:
        """Show a refusal beside its field; above the form when it has no such field."""
        self.add_error(field if field in self.fields else None, says)

    def reopen(self, *, stored: "VersionedForm") -> None:
        """Let the form be saved over what is stored now, and note where the two differ."""
        newest = {self.add_prefix("version"): str(stored["version"].value())}
        self.data = {**self.data.dict(), **newest} if isinstance(self.data, QueryDict) else newest
        self.conflicts = tuple(self._differences(stored))

    def _differences(self, stored: "VersionedForm") -> Iterator[Difference]:
        for name, field in self.fields.items():
            if name not in stored.fields or isinstance(field.widget, forms.HiddenInput):
                continue
            typed, kept = _shown(self, name), _shown(stored, name)
            if typed != kept:
                yield Difference(str(field.label or name), typed or "(empty)", kept or "(empty)")


def _shown(form: forms.Form, name: str) -> str:
    value: Any = form[name].value()
    choices = {str(key): label for key, label in getattr(form.fields[name], "choices", ())}
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(choices.get(str(value), value)).strip()
