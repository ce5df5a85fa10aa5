"""The shop's database as one file, and back: by SQLite itself, or by PostgreSQL's own programs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from catalog.models import Product
from recommendations.models import ModelVersion

# Without these there is no shop in a database, whichever version of ShopReco made it.
NEEDED = {model._meta.db_table for model in (MigrationRecorder.Migration, Product, ModelVersion)}
TABLE = re.compile(r"^\d+; \d+ \d+ TABLE \S+ (\S+) ", re.MULTILINE)
# All that is ours goes, not only what the backup has: what came later would be in the way of its tables now,
# or of `migrate` next. Extensions are the database's, and other roles' things theirs. The time-out is for a
# shop that was not stopped; the backup's own first lines end it.
EMPTY = r"""BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '30s';
DO $shop$
DECLARE
    place oid := (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {schema});
    elsewhere text := $query$
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.oid <> $1 AND n.nspname !~ '^pg_'
        UNION ALL
        SELECT format('%I.%I', n.nspname, o.conname) FROM pg_catalog.pg_constraint o
        JOIN pg_catalog.pg_namespace n ON n.oid = o.connamespace WHERE n.oid <> $1 AND n.nspname !~ '^pg_'
    $query$;
    others text[];
    command text;
    lost text;
BEGIN
    EXECUTE 'SELECT ARRAY(' || elsewhere || ')' INTO others USING place;
    FOREACH command IN ARRAY ARRAY(
        SELECT statement FROM (
            SELECT c.oid, 'pg_class'::regclass AS kind, c.relowner AS owner,
                -- An identity's sequence goes with its table only.
                CASE relkind WHEN 'S' THEN 2 ELSE 1 END AS turn,
                format('DROP %s IF EXISTS %I.%I CASCADE', CASE relkind WHEN 'v' THEN 'VIEW'
                    WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE'
                    WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, {schema}, relname) AS statement
            FROM pg_catalog.pg_class c
            WHERE relnamespace = place AND relkind IN ('r', 'p', 'v', 'm', 'f', 'c', 'S')
            UNION ALL
            SELECT p.oid, 'pg_proc'::regclass, proowner, 3,
                format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
            FROM pg_catalog.pg_proc p WHERE pronamespace = place
            UNION ALL
            SELECT t.oid, 'pg_type'::regclass, typowner, 4,
                format('DROP TYPE IF EXISTS %I.%I CASCADE', {schema}, typname)
            FROM pg_catalog.pg_type t WHERE typnamespace = place AND typtype IN ('e', 'd', 'r')
        ) AS ours
        WHERE pg_has_role(owner, 'USAGE') AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = kind AND d.objid = ours.oid AND d.deptype = 'e')
        ORDER BY turn
    ) LOOP EXECUTE command; END LOOP;
    EXECUTE 'SELECT string_agg(name, '', '') FROM (SELECT unnest($2) AS name EXCEPT ALL '
        || '(' || elsewhere || ')) AS gone' INTO lost USING place, others;
    IF lost IS NOT NULL THEN
        RAISE EXCEPTION 'what is outside the shop''s schema needs its tables and would be lost: %', lost;
    END IF;
END $shop$;
"""
# Fails where the backup was of another schema, so that nothing was put back.
DONE = "\nSELECT {table}::regclass;\nCOMMIT;\n"


class BackupError(Exception):
    """Why nothing was copied or put back, in words that say what to do."""


def check() -> None:
    """Raises BackupError when there is no shop in the database."""
    if not set(connection.introspection.table_names()) >= NEEDED:
        raise BackupError(
            f"There is no shop in the database {connection.settings_dict['NAME']}: "
            "give this command the environment that the shop runs with."
        )


def dump(path: Path) -> None:
    """Copy all of the database into a new file, as it is at one moment. Raises BackupError."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # A transaction's view of the whole database, while others write.
            cursor.execute("VACUUM INTO %s", [str(path)])
        return
    words, environment = _client("pg_dump", "--format=custom", f"--file={path}")
    _run(words, environment)


def check_dump(path: Path) -> None:
    """Raises BackupError when there is no shop in what `dump` wrote, on a database as it is now in use."""
    if connection.vendor == "sqlite":
        tables = _tables_of_file(path)
    else:
        tables = set(TABLE.findall(_run(["pg_restore", "--list", str(path)])))
    if not tables >= NEEDED:
        raise BackupError(f"There is no shop in {path}; it is a copy of another database.")


def load(path: Path) -> None:
    """Put what `dump` wrote in the place of all that is there, or change nothing. Raises BackupError."""
    if connection.vendor == "postgresql":
        _load_postgres(path)
        return
    place = Path(connection.settings_dict["NAME"])
    connection.close()
    new = place.with_name(f".{place.name}.new")
    shutil.copyfile(path, new)
    for leftover in ("-wal", "-shm"):
        place.with_name(place.name + leftover).unlink(missing_ok=True)
    new.replace(place)


def _load_postgres(path: Path) -> None:
    """One transaction empties the schema and fills it; its COMMIT is sent when all of the file was read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        (schema,) = cursor.fetchone()
    if schema is None:
        raise BackupError("DATABASE_URL's user has no schema to put tables into.")
    connection.close()
    words, environment = _client("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
    # Of other schemas and of extensions the shop has nothing, and may not be allowed to make them.
    reading = ["pg_restore", "--no-owner", f"--schema={schema}", "--file=-", str(path)]
    with tempfile.TemporaryFile() as said, _started(words, environment, said) as psql:
        try:
            psql.stdin.write(EMPTY.replace("{schema}", _literal(schema)).encode())
            read = subprocess.run(reading, stdout=psql.stdin, stderr=said)  # noqa: S603 - the words are ours
            if read.returncode == 0:
                table = (
                    f'"{schema.replace(chr(34), chr(34) * 2)}".{MigrationRecorder.Migration._meta.db_table}'
                )
                psql.stdin.write(DONE.replace("{table}", _literal(table)).encode())
            is_read = read.returncode == 0
        except BrokenPipeError:
            # It said why it ended.
            is_read = False
        finally:
            with contextlib.suppress(BrokenPipeError):
                psql.stdin.close()
        if psql.wait() or not is_read:
            said.seek(0)
            reason = said.read().decode(errors="replace").strip()
            raise BackupError(f"Nothing was changed; the backup's database cannot be loaded: {reason}")


def _started(words: list[str], environment: dict[str, str], said: Any) -> Any:
    try:
        return subprocess.Popen(  # noqa: S603 - the words are ours and the settings'
            words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, bufsize=0
        )
    except FileNotFoundError as error:
        raise _missing(words[0]) from error


def _client(program: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """(words, environment) that have PostgreSQL's program work on the shop's database."""
    client: Any = connection.client
    described, variables = client.settings_to_cmd_args_env(connection.settings_dict, [])
    return [program, *options, *described[1:]], os.environ | (variables or {})


def _run(words: list[str], environment: dict[str, str] | None = None) -> str:
    """What the program writes. Raises BackupError."""
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours and the settings'
            words, env=environment, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise _missing(words[0]) from error
    if done.returncode:
        raise BackupError(f"{words[0]} failed: {done.stderr.strip()}")
    return done.stdout


def _missing(program: str) -> BackupError:
    return BackupError(f"{program} is not here; install PostgreSQL's client programs.")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _tables_of_file(path: Path) -> set[str]:
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as file:
            return {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{path} is no database: {error}") from error
