"""For whom is a link, and how long does it open?"""

from django import forms

from decisions import sharing


class ShareForm(forms.Form):
    """A name for the list of links, and days."""

    for_whom = forms.CharField(
        label="For whom", max_length=200, help_text="The audit trail names it with each download."
    )
    days = forms.IntegerField(
        label="Opens for how many days",
        min_value=1,
        max_value=sharing.MOST_DAYS,
        initial=sharing.USUAL_DAYS,
    )
