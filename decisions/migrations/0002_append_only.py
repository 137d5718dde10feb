"""Audit events, snapshots and records are written once: the database refuses anything else."""

from django.db import migrations

TABLES = {
    "decisions_auditevent": "",
    "decisions_snapshot": "OLD.is_demo",
    "decisions_record": "OLD.is_demo",
}


def protect(apps, schema_editor):
    from pricing import triggers

    for table, deletable in TABLES.items():
        triggers.protect(schema_editor.connection, table, deletable=deletable)


def unprotect(apps, schema_editor):
    from pricing import triggers

    for table in TABLES:
        triggers.unprotect(schema_editor.connection, table)


class Migration(migrations.Migration):
    dependencies = [("decisions", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]
