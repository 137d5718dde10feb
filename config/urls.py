"""Which address leads where?"""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("decisions.urls")),
    path("", include("pricing.urls")),
]
