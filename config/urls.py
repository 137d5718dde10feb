"""Which address leads where?"""

from django.urls import include, path
from django.views.generic import RedirectView

handler500 = "decisions.views.faults.server_error"

urlpatterns = [
    # The only second way to sign in is the passkey, so allauth's overview of them is their list.
    path("accounts/2fa/", RedirectView.as_view(pattern_name="mfa_list_webauthn"), name="mfa_index"),
    path("accounts/", include("allauth.urls")),
    path("", include("decisions.urls")),
    path("", include("pricing.urls")),
]
