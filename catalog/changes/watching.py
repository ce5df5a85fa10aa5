"""The triggers: made after `migrate`, as the search index is, and by every app for its own tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from types import ModuleType
from typing import Any

from django.db import connections, transaction

from catalog.changes import postgres, sqlite

LANGUAGES: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgres}
OWN_TABLES = {"catalog_shopstate", "catalog_productchange"}


class Touches(Enum):
    """What a change of a row means for the catalogue."""

    PRODUCT = "product"
    EVERYTHING = "everything"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Watch:
    """A table whose changes move the shop's version on.

    columns: whose changes count; () for all. flags: further conditions that count when their truth changes,
    as SQL that begins with a column, such as "stock > 0".
    """

    table: str
    touches: Touches = Touches.NOTHING
    columns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


WATCHED: list[Watch] = []


def watch(each: Watch) -> None:
    """To be called once for a table, while the apps are being loaded."""
    if each not in WATCHED:
        WATCHED.append(each)


def make_sure(*, using: str = "default") -> bool:
    """Make the triggers that are missing or of another version; whether any had to be."""
    connection = connections[using]
    language = LANGUAGES[connection.vendor]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if not tables >= OWN_TABLES:
            return False
        there = [_of_now(connection, cursor, each) for each in WATCHED if each.table in tables]
        if language.is_whole(cursor, there):
            return False
        with transaction.atomic(using=using):
            language.drop(cursor)
            language.create(cursor, there)
            # Nobody has noted what happened meanwhile.
            language.note_everything(cursor)
    return True


def is_there(*, using: str = "default") -> bool:
    """Whether no trigger is missing; one of another version is there. One query."""
    connection = connections[using]
    with connection.cursor() as cursor:
        return bool(LANGUAGES[connection.vendor].is_there(cursor, WATCHED))


def _of_now(connection: Any, cursor: Any, each: Watch) -> Watch:
    """Without columns that the table has not got: after a migration that failed, or before one."""
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(each.table)} LIMIT 0")  # noqa: S608 - of ours
    known = {column[0] for column in cursor.description}
    columns = tuple(column for column in each.columns if column in known)
    return replace(
        each, columns=columns, flags=tuple(flag for flag in each.flags if flag.split()[0] in known)
    )


def remove(*, using: str = "default") -> None:
    """Take the triggers away, so that migrations can rebuild the tables they watch."""
    with connections[using].cursor() as cursor:
        LANGUAGES[connections[using].vendor].drop(cursor)


def before_migrate(*, plan: list[tuple[Any, bool]], using: str, **_: object) -> None:
    if plan:
        remove(using=using)


def after_migrate(*, using: str, **_: object) -> None:
    make_sure(using=using)
