"""Bring the database up to date; on the first start load the embedded prices and the demo.

One process for all of it: starting Django takes longer than the work of a second start.
"""

import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.conf import settings
from django.core.management import call_command

DEMO_WAS_LOADED = Path(settings.VAR_DIR) / "demo-was-loaded"


def main() -> None:
    """Do what is still to do, and print how to sign in when asked with `--welcome`."""
    django.setup()
    first_start = not DEMO_WAS_LOADED.exists()
    says = sys.stdout if first_start else io.StringIO()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_embedded_prices", stdout=says)
    # Once: a demo that somebody removed stays removed. Over a user's data load_demo refuses itself.
    if not settings.PRODUCTION and first_start:
        call_command("load_demo", stdout=says)
        DEMO_WAS_LOADED.touch()
    if "--welcome" in sys.argv:
        call_command("welcome")


main()
