"""The index on SQLite: FTS5 tables kept in step by triggers, so that no way of writing gets round them."""

from __future__ import annotations

from typing import Any

from catalog.search.words import Query, inflections

# Weights of the columns title, brand, category, attributes, sku, description, category_id in BM25.
WEIGHTS = "16.0, 7.0, 6.0, 3.0, 12.0, 1.0, 0.0"
INDEXED = ("sku", "title", "description", "brand", "category_id", "attributes")
OBJECTS = "catalog\\_search%"
# What the triggers' names end with, and the tables' in the order in which they can be dropped.
FOLLOWED = ("insert", "update", "delete", "category")
DROPPED = ("_word", "_names", "_attribute", "")

_CATEGORY = """(SELECT c.name || ' ' || coalesce(d.name, '') FROM catalog_category c
    LEFT JOIN catalog_category d ON d.id = c.parent_id WHERE c.id = {row}.category_id)"""
_ATTRIBUTES = """(SELECT group_concat(atom, ' ') FROM json_tree({row}.attributes)
    WHERE type IN ('text', 'integer', 'real'))"""
# Top-level names whose values are plain, or lists of plain values; long ones are prose, not choices.
_CHOICES = """SELECT {row}.id, trim(e.key), trim(CASE v.type WHEN 'true' THEN 'Yes' WHEN 'false' THEN 'No' ELSE v.atom END)
    FROM {source} json_each({row}.attributes) e,
    json_each(CASE WHEN e.type = 'array' THEN e.value ELSE json_array(
        CASE e.type WHEN 'true' THEN json('true') WHEN 'false' THEN json('false') ELSE e.atom END) END) v
    WHERE json_type({row}.attributes) = 'object' AND v.type IN ('text', 'integer', 'real', 'true', 'false')
    AND length(trim(e.key)) BETWEEN 1 AND 40 AND length(trim(v.atom)) BETWEEN 1 AND 60"""

TABLES = [
    """CREATE VIRTUAL TABLE catalog_search USING fts5(title, brand, category, attributes, sku, description,
    category_id UNINDEXED, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')""",
    # What a word may be corrected to: names only, a description's words are too many and too odd.
    """CREATE VIRTUAL TABLE catalog_search_names USING fts5(title, brand, category, category_id UNINDEXED,
    tokenize = 'unicode61 remove_diacritics 2', detail = none, columnsize = 0)""",
    "CREATE VIRTUAL TABLE catalog_search_word USING fts5vocab('catalog_search_names', 'row')",
    """CREATE TABLE catalog_search_attribute (name text NOT NULL, value text NOT NULL, product_id integer NOT NULL,
    PRIMARY KEY (name, value, product_id)) WITHOUT ROWID""",
    "CREATE INDEX catalog_search_attribute_product ON catalog_search_attribute (product_id)",
]


def _put(row: str, source: str = "") -> list[str]:
    """Statements that enter one row (of a trigger) or all rows of a source into the empty index."""
    category, attributes = _CATEGORY.format(row=row), _ATTRIBUTES.format(row=row)
    all_of = f"FROM {source}" if source else ""
    return [
        f"""INSERT INTO catalog_search (rowid, title, brand, category, attributes, sku, description, category_id)
    SELECT {row}.id, {row}.title, {row}.brand, {category}, {attributes}, {row}.sku, {row}.description,
    {row}.category_id {all_of}""",
        f"""INSERT INTO catalog_search_names (rowid, title, brand, category, category_id)
    SELECT {row}.id, {row}.title, {row}.brand, {category}, {row}.category_id {all_of}""",
        "INSERT OR IGNORE INTO catalog_search_attribute (product_id, name, value) "
        + _CHOICES.format(row=row, source=f"{source}," if source else ""),
    ]


def _drop(row: str) -> list[str]:
    return [
        f"DELETE FROM catalog_search WHERE rowid = {row}.id",
        f"DELETE FROM catalog_search_names WHERE rowid = {row}.id",
        f"DELETE FROM catalog_search_attribute WHERE product_id = {row}.id",
    ]


def _trigger(name: str, when: str, statements: list[str]) -> str:
    return f"CREATE TRIGGER catalog_search_{name} {when} BEGIN {'; '.join(statements)}; END"


_CHANGED = " OR ".join(f"old.{column} IS NOT new.{column}" for column in INDEXED)
_SHELF = "category_id IN (SELECT id FROM catalog_category WHERE id = new.id OR parent_id = new.id)"
TRIGGERS = [
    _trigger("insert", "AFTER INSERT ON catalog_product", _drop("new") + _put("new")),
    _trigger(
        "update",
        f"AFTER UPDATE OF id, {', '.join(INDEXED)} ON catalog_product WHEN old.id <> new.id OR {_CHANGED}",
        _drop("old") + _put("new"),
    ),
    _trigger("delete", "AFTER DELETE ON catalog_product", _drop("old")),
    _trigger(
        "category",
        "AFTER UPDATE OF name, parent_id ON catalog_category",
        [
            f"UPDATE {table} SET category = {_CATEGORY.format(row=table)} WHERE {_SHELF}"
            for table in ("catalog_search", "catalog_search_names")
        ],
    ),
]
CREATE = TABLES + TRIGGERS + _put("p", "catalog_product p")


def is_whole(cursor: Any) -> bool:
    """Whether every table and trigger is there as it is written here."""
    cursor.execute("SELECT sql FROM sqlite_master WHERE name LIKE %s ESCAPE '\\'", [OBJECTS])
    there = {sql for (sql,) in cursor.fetchall()}
    return there.issuperset(TABLES + TRIGGERS)


def is_there(cursor: Any) -> bool:
    """Whether no table or trigger is missing, however those that are there are written."""
    cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE %s ESCAPE '\\'", [OBJECTS])
    return {name for (name,) in cursor.fetchall()}.issuperset(
        f"catalog_search{ending}" for ending in (*(f"_{name}" for name in FOLLOWED), *DROPPED)
    )


def drop(cursor: Any) -> None:
    for name in FOLLOWED:
        cursor.execute(f"DROP TRIGGER IF EXISTS catalog_search_{name}")
    for table in DROPPED:
        cursor.execute(f"DROP TABLE IF EXISTS catalog_search{table}")


def create(cursor: Any) -> None:
    for statement in CREATE:
        cursor.execute(statement)


def expression(query: Query) -> str:
    """The query in FTS5's language. Words are letters and digits only, and quoted."""
    terms = [_term(term) for term in query.terms[:-1]] + [_term(query.terms[-1], is_last=True)]
    return " AND ".join(terms)


def _term(words: tuple[str, ...], *, is_last: bool = False) -> str:
    forms = inflections(words[0]) if len(words) == 1 else (" ".join(words),)
    choices = [f'"{form}"' for form in forms] + ([f'"{" ".join(words)}" *'] if is_last else [])
    return f"({' OR '.join(choices)})"


# CROSS JOIN keeps SQLite from looking every product up in the index instead of the other way round.
MATCH = f"""SELECT p.id FROM catalog_search CROSS JOIN catalog_product p ON p.id = catalog_search.rowid
    WHERE catalog_search MATCH %s AND p.is_active
    ORDER BY upper(p.sku) = %s DESC, bm25(catalog_search, {WEIGHTS}), p.rating_count DESC, p.id LIMIT %s"""


def match(cursor: Any, query: Query, limit: int) -> list[int]:
    """Ids of the visible products that have every term, best first."""
    cursor.execute(MATCH, [expression(query), query.text.upper(), limit])
    return [pk for (pk,) in cursor.fetchall()]


def vocabulary(cursor: Any, beginning: str = "") -> list[tuple[str, int]]:
    """(word, products that have it in title, brand or category), of words that begin so."""
    cursor.execute(
        "SELECT term, doc FROM catalog_search_word WHERE term >= %s AND term < %s",
        [beginning, f"{beginning}\U0010ffff"],
    )
    return list(cursor.fetchall())


IDS = "SELECT value FROM json_each(%s)"
