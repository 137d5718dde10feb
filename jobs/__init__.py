"""What work is still to do? One row per piece of background work; Celery only wakes it."""
