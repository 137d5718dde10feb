"""What may somebody type into the pages of the price book?"""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from pricing import currency, quotes
from pricing.models import Observation, Offer
from pricing.things import GPU, PURCHASE, TOKEN

SORTS = {
    "name": "Name",
    "provider": "Provider",
    "price": "Lowest price first",
    "-price": "Highest price first",
}
Measure = Observation.Measure


class SearchForm(forms.Form):
    """Finds prices. Everything is optional, and what makes no sense is left out."""

    q = forms.CharField(label="Model, GPU, provider", required=False, max_length=100)
    kind = forms.ChoiceField(required=False, choices=[("", "All"), *Offer.Kind.choices])
    provider = forms.CharField(required=False, max_length=60)
    gpu = forms.CharField(label="GPU", required=False, max_length=60)
    weights = forms.ChoiceField(required=False, choices=[("", "All"), *Offer.Weights.choices])
    mode = forms.ChoiceField(
        label="Terms", required=False, choices=[("", "All"), *Offer.Mode.choices]
    )
    sort = forms.ChoiceField(required=False, choices=list(SORTS.items()))

    def asked(self) -> dict[str, str]:
        """Return what was asked for and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class DecisionForm(forms.Form):
    """Accepts or rejects a price in quarantine."""

    verdict = forms.ChoiceField(choices=[("accept", "Accept"), ("reject", "Reject")])
    pending_id = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=400)


class QuoteForm(forms.Form):
    """A team's own price, as a seller offered it."""

    kind = forms.ChoiceField(label="What is sold", choices=Offer.Kind.choices)
    provider = forms.CharField(label="Who sells it", max_length=60)
    model = forms.CharField(label="Model (for tokens)", required=False, max_length=120)
    gpu = forms.CharField(label="GPU (for GPUs)", required=False, max_length=60)
    gpu_count = forms.IntegerField(
        label="GPUs in one machine", required=False, min_value=1, max_value=10_000
    )
    mode = forms.ChoiceField(
        label="Terms (for GPUs)", required=False, choices=[("", "—"), *Offer.Mode.choices]
    )
    term_months = forms.IntegerField(
        label="Months reserved", required=False, min_value=1, max_value=120
    )
    region = forms.CharField(required=False, max_length=60)
    currency = forms.ChoiceField()
    input = forms.DecimalField(
        label="Input, per million tokens", required=False, max_digits=18, decimal_places=9
    )
    output = forms.DecimalField(
        label="Output, per million tokens", required=False, max_digits=18, decimal_places=9
    )
    cached_input = forms.DecimalField(
        label="Cached input, per million tokens", required=False, max_digits=18, decimal_places=9
    )
    gpu_hour = forms.DecimalField(
        label="Price per GPU and hour", required=False, max_digits=18, decimal_places=9
    )
    gpu_purchase = forms.DecimalField(
        label="Purchase price per GPU", required=False, max_digits=18, decimal_places=9
    )
    valid_until = forms.DateField(
        label="Valid until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    evidence = forms.CharField(
        label="Evidence",
        max_length=400,
        help_text="Where it is written: an offer's number, a link, a mail.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = currency.known_currencies()
        field = self.fields["currency"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(code, code) for code in codes]

    def terms(self) -> quotes.Terms:
        """Return what the quote is for."""
        values = self.cleaned_data
        is_gpu = values["kind"] == GPU
        return quotes.Terms(
            kind=values["kind"],
            provider=values["provider"],
            model=values["model"],
            gpu=values["gpu"],
            gpu_count=values["gpu_count"] or 1,
            mode=values["mode"] or Offer.Mode.ON_DEMAND if is_gpu else Offer.Mode.SERVERLESS,
            term_months=values["term_months"] or 0,
            region=values["region"],
        )

    def amounts(self) -> dict[str, Decimal]:
        """Return the prices given, by measure."""
        is_token = self.cleaned_data["kind"] == TOKEN
        is_bought = self.cleaned_data["mode"] == PURCHASE
        asked = (
            [Measure.INPUT, Measure.OUTPUT, Measure.CACHED_INPUT]
            if is_token
            else ([Measure.GPU_PURCHASE] if is_bought else [Measure.GPU_HOUR])
        )
        given = {str(name): self.cleaned_data.get(name) for name in asked}
        return {name: amount for name, amount in given.items() if amount is not None}

    def valid_until_moment(self) -> datetime | None:
        """Return the end of the last valid day, in the reader's zone."""
        day = self.cleaned_data["valid_until"]
        return None if day is None else timezone.make_aware(datetime.combine(day, time.max))
