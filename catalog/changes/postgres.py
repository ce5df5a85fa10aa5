"""The triggers in PostgreSQL's language: constraint triggers, because only these can wait for the commit."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from catalog.changes.watching import Watch

EVENTS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
# At the commit a transaction moves the version on once, however many rows it changed.
# What is noted before the first version is of another time, as when the row was lost.
ONCE = "WHERE s.changed_by <> txid_current()"
FUNCTION = """CREATE FUNCTION catalog_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed bigint; reached bigint;
BEGIN
    INSERT INTO catalog_shopstate AS s (id, version, epoch, changed_by)
    VALUES (1, 1, md5(random()::text || clock_timestamp()::text), txid_current())
    ON CONFLICT (id) DO UPDATE SET version = s.version + 1, changed_by = txid_current() {once}
    RETURNING version INTO reached;
    IF reached = 1 THEN DELETE FROM catalog_productchange; END IF;
    IF TG_ARGV[0] = 'everything' OR TG_OP = 'TRUNCATE' THEN changed := 0;
    ELSIF TG_ARGV[0] = 'product' AND TG_OP = 'DELETE' THEN changed := OLD.id;
    ELSIF TG_ARGV[0] = 'product' THEN changed := NEW.id;
    END IF;
    IF changed IS NOT NULL THEN
        INSERT INTO catalog_productchange (product_id, version)
        SELECT changed, version FROM catalog_shopstate WHERE id = 1
        ON CONFLICT (product_id) DO UPDATE SET version = excluded.version;
    END IF;
    RETURN NULL;
END $$"""
NOTE_EVERYTHING = [
    """INSERT INTO catalog_shopstate AS s (id, version, epoch, changed_by)
    VALUES (1, 1, md5(random()::text || clock_timestamp()::text), 0)
    ON CONFLICT (id) DO UPDATE SET version = s.version + 1""",
    """INSERT INTO catalog_productchange (product_id, version)
    SELECT 0, version FROM catalog_shopstate WHERE id = 1
    ON CONFLICT (product_id) DO UPDATE SET version = excluded.version""",
]


def is_whole(cursor: Any, watched: Sequence[Watch]) -> bool:
    """Whether just these triggers are there; the function's comment says which ones were made."""
    statements = _statements(watched)
    cursor.execute(
        "SELECT obj_description(oid, 'pg_proc') FROM pg_proc WHERE proname = 'catalog_note_change' "
        "AND pronamespace = to_regnamespace(current_schema())"
    )
    found = cursor.fetchone()
    cursor.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'catalog\\_note\\_%%' AND tgenabled <> 'D'"
    )
    (triggers,) = cursor.fetchone()
    return bool(found and found[0] == _version(statements) and triggers == len(statements) - 1)


def is_there(cursor: Any, watched: Sequence[Watch]) -> bool:
    """Whether no trigger is missing, however those that are there are written."""
    cursor.execute(
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'catalog\\_note\\_%%' AND tgenabled <> 'D'"
    )
    there = {name for (name,) in cursor.fetchall()}
    return there >= {name for each in watched for name in _names(each.table).values()}


def drop(cursor: Any) -> None:
    # Its triggers go with it.
    cursor.execute("DROP FUNCTION IF EXISTS catalog_note_change() CASCADE")


def create(cursor: Any, watched: Sequence[Watch]) -> None:
    statements = _statements(watched)
    for statement in statements:
        # No parameters, so that a per cent sign is one.
        cursor.execute(statement, None)
    cursor.execute(f"COMMENT ON FUNCTION catalog_note_change() IS '{_version(statements)}'")


def note_everything(cursor: Any) -> None:
    for statement in NOTE_EVERYTHING:
        cursor.execute(statement)


def _version(statements: list[str]) -> str:
    return sha256("\n".join(statements).encode()).hexdigest()[:16]


def _statements(watched: Sequence[Watch]) -> list[str]:
    function = FUNCTION.replace("{once}", ONCE if settings.SHOPRECO_NOTE_AT_COMMIT else "")
    return [function, *(statement for each in watched for statement in _triggers(each))]


def _names(table: str) -> dict[str, str]:
    return {event: f"catalog_note_{table}_{event.lower()}" for event in EVENTS}


def _triggers(watch: Watch) -> list[str]:
    changed = [f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in watch.columns]
    changed += [f"(OLD.{flag}) IS DISTINCT FROM (NEW.{flag})" for flag in watch.flags]
    when = f"WHEN ({' OR '.join(changed)}) " if changed else ""
    run = f"EXECUTE FUNCTION catalog_note_change('{watch.touches.value}')"
    waits = "DEFERRED" if settings.SHOPRECO_NOTE_AT_COMMIT else "IMMEDIATE"
    names = _names(watch.table)
    truncate = names.pop("TRUNCATE")
    return [
        *(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON {watch.table} DEFERRABLE INITIALLY {waits} "
            f"FOR EACH ROW {when if event == 'UPDATE' else ''}{run}"
            for event, name in names.items()
        ),
        f"CREATE TRIGGER {truncate} AFTER TRUNCATE ON {watch.table} FOR EACH STATEMENT {run}",
    ]
