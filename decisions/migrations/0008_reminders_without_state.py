"""How far a reminder is stands in its deliveries. A migration of its own: PostgreSQL alters no table

in the transaction that wrote rows which refer to it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("decisions", "0007_notices")]

    operations = [
        migrations.RemoveField(
            model_name='reminder',
            name='error',
        ),
        migrations.RemoveField(
            model_name='reminder',
            name='message_id',
        ),
        migrations.RemoveField(
            model_name='reminder',
            name='sent_at',
        ),
        migrations.RemoveField(
            model_name='reminder',
            name='state',
        ),
    ]
