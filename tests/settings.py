"""The product's own settings, on databases and folders that only the tests use.

`TEST_PROFILE=embedded` (the default) is SQLite and a broker in a folder; `TEST_PROFILE=servers` is
PostgreSQL and Redis. A worker that a test starts gets the test's `VAR_DIR` and `DATABASE_URL`.
"""

import os
import tempfile

# A developer's own settings never reach the tests.
os.environ["ENV_FILE"] = os.devnull
for name in ("PRODUCTION", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "EMAIL_URL"):
    os.environ.pop(name, None)

TEST_PROFILE = os.environ.get("TEST_PROFILE", "embedded")
if "BREAKEVEN_STARTED_BY_A_TEST" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="breakeven-test-", ignore_cleanup_errors=True)
    os.environ["VAR_DIR"] = _folder.name
    # The key that messages carry in their queue's name: two runs on one Redis do not meet.
    os.environ["TEST_QUEUE"] = f"test{os.getpid()}"
    if TEST_PROFILE == "servers":
        os.environ["DATABASE_URL"] = os.environ.get(
            "TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
        )
        os.environ["CELERY_BROKER_URL"] = os.environ.get(
            "TEST_REDIS_URL", "redis://127.0.0.1:6379/9"
        )
    else:
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("CELERY_BROKER_URL", None)

from config.settings import *  # noqa: E402, F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["TEST_QUEUE"]
# Real hashing takes most of a second per account and is Django's own business.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
LOGGING_CONFIG = None
