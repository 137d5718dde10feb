"""How is the product wired together? Settings, addresses and the timetable."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
