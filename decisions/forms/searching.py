"""Under which name is a search kept?"""

from django import forms

from decisions.models import SavedSearch


class SaveSearchForm(forms.Form):
    """The name; page and words come with the page that is shown."""

    page = forms.ChoiceField(choices=SavedSearch.Page.choices)
    name = forms.CharField(max_length=80)
    query = forms.CharField(max_length=1000)
