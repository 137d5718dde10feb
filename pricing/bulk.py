"""How do thousands of rows get into a table at once, on SQLite and on PostgreSQL?

Without a model object per row: SQLite takes them by one prepared statement, PostgreSQL by COPY. The
constraints and triggers of the table see every row as always.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Model

Rows = Sequence[tuple[Any, ...]]


def next_ids(model: type[Model], count: int) -> Sequence[int]:
    """Return ids that no row of the model has or will get, for rows that this transaction inserts."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # The transaction holds the only write lock; inserting the ids moves the sequence on.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return range(first, first + count)


def insert(model: type[Model], columns: Sequence[str], rows: Rows, *, skip_known: str = "") -> None:
    """Insert the rows; times are given as `moment` makes them.

    `skip_known` is a unique column: a row whose value is there already is left out.
    """
    if not rows:
        return
    table, names = model._meta.db_table, ", ".join(columns)
    on_conflict = f"ON CONFLICT ({skip_known}) DO NOTHING" if skip_known else ""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks}) {on_conflict}",  # noqa: S608 - own names
                rows,
            )
            return
        if not skip_known:
            _copy(cursor, f"{table} ({names})", rows)
            return
        form = f"SELECT {names} FROM {table} WITH NO DATA"  # noqa: S608
        cursor.execute(f"CREATE TEMP TABLE incoming ON COMMIT DROP AS {form}")
        _copy(cursor, f"incoming ({names})", rows)
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming {on_conflict}"  # noqa: S608
        )
        cursor.execute("DROP TABLE incoming")


def update(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """Set the whole-number columns of rows by id, which is each row's last value."""
    if not rows:
        return
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            settings = ", ".join(f"{name} = %s" for name in columns)
            cursor.executemany(f"UPDATE {table} SET {settings} WHERE id = %s", rows)  # noqa: S608
            return
        defined = ", ".join(f"{name} bigint" for name in (*columns, "id"))
        cursor.execute(f"CREATE TEMP TABLE moved ({defined}) ON COMMIT DROP")
        _copy(cursor, "moved", rows)
        settings = ", ".join(f"{name} = moved.{name}" for name in columns)
        cursor.execute(
            f"UPDATE {table} SET {settings} FROM moved WHERE {table}.id = moved.id"  # noqa: S608
        )
        cursor.execute("DROP TABLE moved")


def _copy(cursor: Any, target: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@lru_cache(maxsize=4096)
def moment(at: datetime | None) -> Any:
    """Return a time as the database driver takes it."""
    return None if at is None else connection.ops.adapt_datetimefield_value(at)


def text(value: str, longest: int) -> str:
    """Return a text that fits its column. PostgreSQL stores no NUL."""
    return value.replace("\x00", "␀")[:longest]
