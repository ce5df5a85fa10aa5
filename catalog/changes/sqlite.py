"""The triggers in SQLite's language. One writer at a time there is, so they act at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.changes.watching import Watch

# Plain statements: a conflict clause of the statement that fires a trigger would replace one in here.
# Changes without a state are of another time: `flush` empties one table after the other, in any order.
NOTE = [
    """DELETE FROM catalog_productchange
    WHERE NOT EXISTS (SELECT 1 FROM catalog_shopstate WHERE id = 1)""",
    """INSERT INTO catalog_shopstate (id, version, epoch, changed_by)
    SELECT 1, 0, lower(hex(randomblob(16))), 0
    WHERE NOT EXISTS (SELECT 1 FROM catalog_shopstate WHERE id = 1)""",
    "UPDATE catalog_shopstate SET version = version + 1 WHERE id = 1",
]
PRODUCT = {"product": "{row}.id", "everything": "0"}


def is_whole(cursor: Any, watched: Sequence[Watch]) -> bool:
    """Whether just these triggers are there, as they are written here."""
    return _there(cursor) == {name: sql for each in watched for name, sql in _triggers(each)}


def is_there(cursor: Any, watched: Sequence[Watch]) -> bool:
    """Whether no trigger is missing, however those that are there are written."""
    return _there(cursor).keys() >= {name for each in watched for name, _ in _triggers(each)}


def drop(cursor: Any) -> None:
    for name in _there(cursor):
        cursor.execute(f"DROP TRIGGER {name}")


def create(cursor: Any, watched: Sequence[Watch]) -> None:
    for each in watched:
        for _, statement in _triggers(each):
            cursor.execute(statement)


def note_everything(cursor: Any) -> None:
    for statement in [*NOTE, *_product("0")]:
        cursor.execute(statement)


def _there(cursor: Any) -> dict[str, str]:
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
        "AND name LIKE 'catalog\\_note\\_%' ESCAPE '\\'"
    )
    return dict(cursor.fetchall())


def _triggers(watch: Watch) -> list[tuple[str, str]]:
    changed = [f"old.{column} IS NOT new.{column}" for column in watch.columns]
    changed += [f"(old.{flag}) IS NOT (new.{flag})" for flag in watch.flags]
    when = f" WHEN {' OR '.join(changed)}" if changed else ""
    return [
        _trigger(watch, "insert", "new"),
        _trigger(watch, "update", "new", when),
        _trigger(watch, "delete", "old"),
    ]


def _trigger(watch: Watch, event: str, row: str, when: str = "") -> tuple[str, str]:
    name = f"catalog_note_{watch.table}_{event}"
    product = PRODUCT.get(watch.touches.value)
    body = NOTE + (_product(product.format(row=row)) if product else [])
    head = f"CREATE TRIGGER {name} AFTER {event.upper()} ON {watch.table}{when}"
    return name, f"{head} BEGIN {'; '.join(body)}; END"


def _product(which: str) -> list[str]:
    return [
        f"DELETE FROM catalog_productchange WHERE product_id = {which}",  # noqa: S608 - one of PRODUCT
        f"""INSERT INTO catalog_productchange (product_id, version)
    SELECT {which}, version FROM catalog_shopstate WHERE id = 1""",  # noqa: S608 - the same
    ]
