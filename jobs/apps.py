"""The jobs application."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Background work."""

    name = "jobs"
    verbose_name = "Background work"
