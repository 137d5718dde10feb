"""Prices and exchange rates are appended, never edited: the database refuses anything else."""

from django.db import migrations

TABLES = ("pricing_observation", "pricing_exchangerate")


def protect(apps, schema_editor):
    from pricing import triggers

    for table in TABLES:
        triggers.protect(schema_editor.connection, table)


def unprotect(apps, schema_editor):
    from pricing import triggers

    for table in TABLES:
        triggers.unprotect(schema_editor.connection, table)


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]
