"""What is asked of a team that describes a model of its own?"""

from typing import Any

from django import forms

from decisions import own_models
from decisions.forms.numbers import CountField

MOST_PARAMETERS = "1e14"


class OwnModelForm(forms.Form):
    """A name, a config.json pasted or uploaded, and the numbers of parameters it does not hold."""

    name = forms.CharField(
        label="Name",
        max_length=80,
        help_text="As options will name it, such as our-finetune-70b.",
    )
    config = forms.CharField(
        label="config.json",
        required=False,
        max_length=own_models.MOST_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="The file of this name beside the weights on Hugging Face, or in your own folder.",
    )
    config_file = forms.FileField(label="Or upload the file", required=False)
    params_total = CountField(
        label="Parameters",
        above=True,
        most=MOST_PARAMETERS,
        help_text="All of them, such as 70.6B: the model card states it.",
    )
    params_active = CountField(
        label="Active parameters",
        required=False,
        above=True,
        most=MOST_PARAMETERS,
        help_text="Only for a mixture of experts: those that one token passes through.",
    )

    def clean(self) -> dict[str, Any]:
        """Take the text from the file where one was uploaded, and read it."""
        cleaned = super().clean() or self.cleaned_data
        if file := cleaned.get("config_file"):
            self._take(file, cleaned)
        if not cleaned.get("config") and not self.errors:
            self.add_error("config", "Paste the config, or upload the file.")
        if not self.errors:
            self._read(cleaned)
        return cleaned

    def _take(self, file: Any, cleaned: dict[str, Any]) -> None:
        if file.size > own_models.MOST_BYTES:
            self.add_error("config_file", "A config.json has a few kB; this file has over 1 MB.")
            return
        try:
            cleaned["config"] = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("config_file", "This file is not UTF-8 text.")
            return
        # Shown in the box, so that nothing has to be uploaded again after a refusal.
        self.data = {**{name: self.data[name] for name in self.data}, "config": cleaned["config"]}

    def _read(self, cleaned: dict[str, Any]) -> None:
        try:
            self.model = own_models.read(cleaned["config"], **self.sizes(cleaned))
        except own_models.Refused as refusal:
            self.add_error(refusal.field, refusal.says)

    @staticmethod
    def sizes(cleaned: dict[str, Any]) -> dict[str, Any]:
        """Return the name and the counts of parameters as the action takes them."""
        active = cleaned.get("params_active")
        return {
            "name": cleaned["name"],
            "params_total": float(cleaned["params_total"]),
            "params_active": None if active is None else float(active),
        }
