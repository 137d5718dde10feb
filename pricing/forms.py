"""What may somebody type into the pages of the price book?"""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from pricing import currency, evidence, hosts, quotes
from pricing.models import EvidenceFile, Observation, Offer
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
    host = forms.CharField(required=False, max_length=60)
    region = forms.CharField(required=False, max_length=60)
    gpu = forms.CharField(label="GPU", required=False, max_length=60)
    weights = forms.ChoiceField(required=False, choices=[("", "All"), *Offer.Weights.choices])
    mode = forms.ChoiceField(
        label="Terms", required=False, choices=[("", "All"), *Offer.Mode.choices]
    )
    sort = forms.ChoiceField(required=False, choices=list(SORTS.items()))
    ending = forms.CharField(required=False, max_length=1, widget=forms.HiddenInput)

    @property
    def is_detailed(self) -> bool:
        """Return whether a filter is in use that the page folds away otherwise."""
        names = ("provider", "gpu", "weights", "region", "host", "mode")
        return any(self.data.get(name) for name in names)

    def asked(self) -> dict[str, str]:
        """Return what was asked for and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class MixForm(forms.Form):
    """The reader's tokens: only their ratio counts."""

    q = forms.CharField(label="Model", required=False, max_length=100)
    input_tokens = forms.DecimalField(
        label="Input tokens", required=False, min_value=Decimal(0), max_digits=18, initial=3
    )
    output_tokens = forms.DecimalField(
        label="Output tokens", required=False, min_value=Decimal(0), max_digits=18, initial=1
    )
    cached_percent = forms.DecimalField(
        label="Of the input cached, %",
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=6,
        initial=0,
    )

    def text(self) -> str:
        """Return what to look for."""
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))

    def mix(self) -> hosts.Mix:
        """Return the mix asked for; three tokens in for one out where nothing usable is said."""
        self.is_valid()
        given = [self.cleaned_data.get(name) for name in ("input_tokens", "output_tokens")]
        usable = None not in given and any(given)
        tokens = [Decimal(g or 0) for g in given] if usable else [Decimal(3), Decimal(1)]
        cached = self.cleaned_data.get("cached_percent") or Decimal(0)
        return hosts.Mix(input_tokens=tokens[0], output_tokens=tokens[1], cached_share=cached / 100)


class FamilyForm(forms.Form):
    """Says whether a family's weights are open."""

    weights = forms.ChoiceField(choices=Offer.Weights.choices)
    reason = forms.CharField(
        label="Why", max_length=400, help_text="Kept in the audit trail: a licence, a link."
    )


class ReleaseForm(forms.Form):
    """Lets a held provider's new offers in."""

    source = forms.CharField(max_length=40)
    provider = forms.CharField(max_length=60)
    reason = forms.CharField(max_length=400)


class CurrencyForm(ReleaseForm):
    """States in which currency a provider writes."""

    code = forms.CharField(max_length=3)


class DecisionForm(forms.Form):
    """Accepts or rejects a price in quarantine."""

    verdict = forms.ChoiceField(choices=[("accept", "Accept"), ("reject", "Reject")])
    pending_id = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=400)


class EndForm(forms.Form):
    """Ends a quote."""

    reason = forms.CharField(label="Why it ends", max_length=400)


class EvidenceForm(forms.Form):
    """Takes a file that shows where a price comes from."""

    evidence_file = forms.FileField(
        label="Evidence file",
        required=False,
        max_length=200,
        help_text=f"{evidence.KINDS}, up to {evidence.LARGEST_BYTES // 1024 // 1024} MB. Only your team sees it.",
    )
    evidence_sha256 = forms.RegexField(
        label="SHA-256 of the file",
        required=False,
        regex=r"^\s*[0-9a-fA-F]{64}\s*$",
        error_messages={"invalid": "A SHA-256 has 64 digits from 0 to f."},
        help_text="If the seller sent one: another file is refused.",
    )

    def keep_file(self, *, team_id: int, by: str, at: datetime) -> EvidenceFile | None:
        """Store the file, if there is one. Raises evidence.BadFile."""
        file = self.cleaned_data["evidence_file"]
        expected = self.cleaned_data["evidence_sha256"]
        if file is None:
            return None
        return evidence.keep(file, team_id=team_id, by=by, at=at, expected_sha256=expected)


class UploadForm(EvidenceForm):
    """Takes a table of quotes."""

    table = forms.FileField(
        label="The table",
        max_length=200,
        help_text="CSV or XLSX, with the columns of the template.",
    )
    evidence = forms.CharField(
        label="Evidence of all rows",
        required=False,
        max_length=400,
        help_text="For rows that name none: an offer's number, a link, a mail.",
    )
    field_order = ("table", "evidence", "evidence_file", "evidence_sha256")


class QuoteForm(EvidenceForm):
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
    valid_from = forms.DateField(
        label="Valid from", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    valid_until = forms.DateField(
        label="Valid until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    evidence = forms.CharField(
        label="Evidence",
        max_length=400,
        required=False,
        help_text="Where it is written: an offer's number, a link, a mail. This or a file is needed.",
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

    def valid_from_moment(self) -> datetime | None:
        """Return the beginning of the first valid day, in the reader's zone."""
        day = self.cleaned_data["valid_from"]
        return None if day is None else timezone.make_aware(datetime.combine(day, time.min))

    def valid_until_moment(self) -> datetime | None:
        """Return the end of the last valid day, in the reader's zone."""
        day = self.cleaned_data["valid_until"]
        return None if day is None else timezone.make_aware(datetime.combine(day, time.max))
