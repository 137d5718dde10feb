"""How does the database itself refuse to change what was written once?

Used by migrations. PostgreSQL and SQLite say it differently; both raise on UPDATE and DELETE, however
the statement reached them. PostgreSQL also refuses TRUNCATE, and SQLite an INSERT OR REPLACE, which
would delete the old row without asking its delete trigger.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

_ON_SQLITE = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: {event} refused'); END
"""
_REPLACES = "WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)"
_FUNCTION_ON_POSTGRESQL = """
CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION '{table} is append-only: % refused', TG_OP; END $$ LANGUAGE plpgsql
"""
_ON_POSTGRESQL = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()
"""
# A WHEN of PostgreSQL's cannot look at other tables; a function can.
_DELETE_ON_POSTGRESQL = """
CREATE OR REPLACE FUNCTION {table}_delete() RETURNS trigger AS $$
BEGIN
  IF {deletable} THEN RETURN OLD; END IF;
  RAISE EXCEPTION '{table} is append-only: DELETE refused';
END $$ LANGUAGE plpgsql
"""
_NO_DELETE_ON_POSTGRESQL = """
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_delete()
"""


def protect(connection: BaseDatabaseWrapper, table: str, *, deletable: str = "") -> None:
    """Make the table append-only.

    `deletable` is a condition on the old row, such as "OLD.is_demo", under which it may be deleted;
    it may look at other tables.
    """
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor, deletable=deletable):
            cursor.execute(statement.replace("{table}", table))


def unprotect(connection: BaseDatabaseWrapper, table: str) -> None:
    """Undo `protect`: for migrations that go backwards and for emptying a test database."""
    on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for event in ("update", "delete", "truncate", "insert"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event}{on_table}")


def _statements(vendor: str, *, deletable: str) -> list[str]:
    if vendor == "postgresql":
        events = ("update", "truncate") if deletable else ("update", "delete", "truncate")
        made = [_ON_POSTGRESQL.replace("{event}", event) for event in events]
        if deletable:
            made += [
                _DELETE_ON_POSTGRESQL.replace("{deletable}", deletable),
                _NO_DELETE_ON_POSTGRESQL,
            ]
        return [_FUNCTION_ON_POSTGRESQL, *made]
    kept = f"WHEN (NOT ({deletable}))" if deletable else ""
    conditions = {"update": "", "delete": kept, "insert": _REPLACES}
    return [
        _ON_SQLITE.replace("{event}", event).replace("{when}", when)
        for event, when in conditions.items()
    ]
