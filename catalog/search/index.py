"""The search index of whichever database the shop is in: made after `migrate`, kept by the database itself.

It holds nothing but what the products say, so it is no migration's business: after every `migrate` it is
checked, and made anew when it is missing, of another version, or lost its triggers to a rebuilt table.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from django.db import connections, transaction
from django.db.models.expressions import RawSQL

from catalog.search import postgres, sqlite
from catalog.search.words import Query

# The best of a search that hits more than this; filters and counts look at these.
MAX_HITS = 20_000
LANGUAGES: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgres}


def _language(using: str) -> ModuleType:
    return LANGUAGES[connections[using].vendor]


def make_sure(*, using: str = "default") -> bool:
    """Make the index if it is not whole; whether it had to be."""
    connection, language = connections[using], _language(using)
    with connection.cursor() as cursor:
        if "catalog_product" not in connection.introspection.table_names(cursor) or language.is_whole(cursor):
            return False
        with transaction.atomic(using=using):
            language.drop(cursor)
            language.create(cursor)
    return True


def is_there(*, using: str = "default") -> bool:
    """Whether nothing of the index is missing; one of another version is there. One query."""
    with connections[using].cursor() as cursor:
        return bool(_language(using).is_there(cursor))


def remove(*, using: str = "default") -> None:
    """Take the index away, so that a migration can rebuild the tables its triggers watch."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if "catalog_product" in connection.introspection.table_names(cursor):
            _language(using).drop(cursor)


def before_migrate(*, plan: list[tuple[Any, bool]], using: str, **_: object) -> None:
    if any(migration.app_label == "catalog" for migration, _is_backwards in plan):
        remove(using=using)


def after_migrate(*, using: str, **_: object) -> None:
    make_sure(using=using)


def match(query: Query, *, limit: int = MAX_HITS, using: str = "default") -> list[int]:
    """Ids of the visible products that have every term of the query, best first."""
    if not query:
        return []
    with connections[using].cursor() as cursor:
        return list(_language(using).match(cursor, query, limit))


def vocabulary(beginning: str = "", *, using: str = "default") -> list[tuple[str, int]]:
    """(word, how many products have it in their name) of the words that begin so."""
    with connections[using].cursor() as cursor:
        return list(_language(using).vocabulary(cursor, beginning))


def id_list(ids: list[int], *, using: str = "default") -> RawSQL:
    """Ids as one parameter, for `pk__in`: databases limit how many parameters a query may have."""
    return RawSQL(_language(using).IDS, [str(ids)])  # noqa: S611 - the text is a constant
