"""The index on PostgreSQL: tsvectors with weights in a table kept by triggers. It needs no extension."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from catalog.search.words import Query, inflections

# Of description, attributes, brand and category, title and SKU.
WEIGHTS = "{0.06, 0.2, 0.45, 1.0}"
INDEXED = ("sku", "title", "description", "brand", "category_id", "attributes")
# PostgreSQL refuses tsvectors above 1 MB.
LONGEST = 100_000

TABLES = [
    """CREATE TABLE catalog_search (product_id bigint PRIMARY KEY, document tsvector NOT NULL,
    names tsvector NOT NULL)""",
    "CREATE INDEX catalog_search_document ON catalog_search USING gin (document)",
    """CREATE TABLE catalog_search_attribute (name text NOT NULL, value text NOT NULL, product_id bigint NOT NULL,
    PRIMARY KEY (name, value, product_id))""",
    "CREATE INDEX catalog_search_attribute_product ON catalog_search_attribute (product_id)",
]
FUNCTIONS = [
    # Accents off and punctuation out, as catalog.search.words.fold does for the query.
    r"""CREATE FUNCTION catalog_search_words(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT to_tsvector('simple', translate(regexp_replace(normalize(left(coalesce(words, ''), """
    + str(LONGEST)
    + r"""), NFD), '[\u0300-\u036f]', '', 'g'), '!"#%&''()*+,-./:;<=>?@[\]^_`{|}~$', repeat(' ', 40))) $$""",
    """CREATE FUNCTION catalog_search_put(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM catalog_search WHERE product_id = ANY(ids);
    DELETE FROM catalog_search_attribute WHERE product_id = ANY(ids);
    INSERT INTO catalog_search (product_id, document, names)
    SELECT p.id, setweight(catalog_search_words(p.title || ' ' || p.sku), 'A')
        || setweight(catalog_search_words(concat_ws(' ', p.brand, c.name, d.name)), 'B')
        || setweight(catalog_search_words((SELECT string_agg(v #>> '{}', ' ')
            FROM jsonb_path_query(p.attributes, 'strict $.**') v WHERE jsonb_typeof(v) IN ('string', 'number'))), 'C')
        || setweight(catalog_search_words(p.description), 'D'),
        catalog_search_words(concat_ws(' ', p.title, p.brand, c.name, d.name))
    FROM catalog_product p LEFT JOIN catalog_category c ON c.id = p.category_id
    LEFT JOIN catalog_category d ON d.id = c.parent_id WHERE p.id = ANY(ids);
    INSERT INTO catalog_search_attribute (product_id, name, value)
    SELECT p.id, trim(e.key), trim(CASE v WHEN 'true' THEN 'Yes' WHEN 'false' THEN 'No' ELSE v #>> '{}' END)
    FROM catalog_product p, jsonb_each(CASE jsonb_typeof(p.attributes) WHEN 'object' THEN p.attributes ELSE '{}' END) e,
    jsonb_array_elements(CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE jsonb_build_array(e.value) END) v
    WHERE p.id = ANY(ids) AND jsonb_typeof(v) IN ('string', 'number', 'boolean')
    AND length(trim(e.key)) BETWEEN 1 AND 40 AND length(trim(v #>> '{}')) BETWEEN 1 AND 60
    ON CONFLICT DO NOTHING;
    END $$""",
    """CREATE FUNCTION catalog_search_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_TABLE_NAME = 'catalog_category' THEN
        PERFORM catalog_search_put(ARRAY(SELECT p.id FROM catalog_product p JOIN catalog_category c
            ON c.id = p.category_id WHERE c.id = NEW.id OR c.parent_id = NEW.id));
    ELSIF TG_OP = 'TRUNCATE' THEN
        TRUNCATE catalog_search, catalog_search_attribute;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM catalog_search_put(ARRAY[OLD.id]);
    ELSE
        PERFORM catalog_search_put(ARRAY[NEW.id]);
    END IF;
    RETURN NULL; END $$""",
]
_CHANGED = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in INDEXED)
_RUN = "EXECUTE FUNCTION catalog_search_follow()"
TRIGGERS = [
    f"CREATE TRIGGER catalog_search_insert AFTER INSERT ON catalog_product FOR EACH ROW {_RUN}",
    f"""CREATE TRIGGER catalog_search_update AFTER UPDATE OF {", ".join(INDEXED)} ON catalog_product
    FOR EACH ROW WHEN ({_CHANGED}) {_RUN}""",
    f"CREATE TRIGGER catalog_search_delete AFTER DELETE ON catalog_product FOR EACH ROW {_RUN}",
    f"CREATE TRIGGER catalog_search_truncate AFTER TRUNCATE ON catalog_product FOR EACH STATEMENT {_RUN}",
    f"""CREATE TRIGGER catalog_search_category AFTER UPDATE OF name, parent_id ON catalog_category
    FOR EACH ROW {_RUN}""",
]
FILL = "SELECT catalog_search_put(ARRAY(SELECT id FROM catalog_product))"
VERSION = sha256("\n".join(TABLES + FUNCTIONS + TRIGGERS).encode()).hexdigest()[:16]


def is_whole(cursor: Any) -> bool:
    """Whether the index is the one written here; the table's comment says which one it is."""
    cursor.execute("SELECT obj_description(to_regclass('catalog_search'))")
    (version,) = cursor.fetchone()
    cursor.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'catalog\\_search\\_%%' AND tgenabled <> 'D'"
    )
    (triggers,) = cursor.fetchone()
    return bool(version == VERSION and triggers == len(TRIGGERS))


def is_there(cursor: Any) -> bool:
    """Whether neither table nor trigger is missing, of whichever version they are."""
    cursor.execute(
        "SELECT to_regclass('catalog_search') IS NOT NULL AND count(*) >= %s FROM pg_trigger "
        "WHERE tgname LIKE 'catalog\\_search\\_%%' AND tgenabled <> 'D'",
        [len(TRIGGERS)],
    )
    (is_there,) = cursor.fetchone()
    return bool(is_there)


def drop(cursor: Any) -> None:
    for name, table in (*((each, "product") for each in ("insert", "update", "delete", "truncate")),
                        ("category", "category")):  # fmt: skip
        cursor.execute(f"DROP TRIGGER IF EXISTS catalog_search_{name} ON catalog_{table}")
    cursor.execute("DROP FUNCTION IF EXISTS catalog_search_follow()")
    cursor.execute("DROP FUNCTION IF EXISTS catalog_search_put(bigint[])")
    cursor.execute("DROP FUNCTION IF EXISTS catalog_search_words(text)")
    cursor.execute("DROP TABLE IF EXISTS catalog_search, catalog_search_attribute")


def create(cursor: Any) -> None:
    for statement in TABLES + FUNCTIONS + TRIGGERS:
        # No parameters, so that a per cent sign is one.
        cursor.execute(statement, None)
    cursor.execute(FILL)
    cursor.execute(f"COMMENT ON TABLE catalog_search IS '{VERSION}'")


def expression(query: Query, *, beginning: bool = True) -> str:
    """The query in to_tsquery's language, with or without beginnings of the last word. Words are letters and
    digits only, and quoted."""
    terms = [_term(term) for term in query.terms[:-1]] + [_term(query.terms[-1], is_last=beginning)]
    return " & ".join(terms)


def _term(words: tuple[str, ...], *, is_last: bool = False) -> str:
    forms = inflections(words[0]) if len(words) == 1 else ()
    run = " <-> ".join(f"'{word}'" for word in words)
    choices = [f"'{form}'" for form in forms] or [f"({run})"]
    return f"({' | '.join([*choices, *([f'({run}:*)'] if is_last else [])])})"


# A word itself counts twice, words that begin with it once.
MATCH = f"""SELECT p.id FROM to_tsquery('simple', %s) AS q, to_tsquery('simple', %s) AS whole, catalog_search s
    JOIN catalog_product p ON p.id = s.product_id WHERE s.document @@ q AND p.is_active
    ORDER BY upper(p.sku) = %s DESC, ts_rank('{WEIGHTS}', s.document, q) + ts_rank('{WEIGHTS}', s.document, whole) DESC,
    p.rating_count DESC, p.id LIMIT %s"""


def match(cursor: Any, query: Query, limit: int) -> list[int]:
    """Ids of the visible products that have every term, best first."""
    whole = expression(query, beginning=False)
    cursor.execute(MATCH, [expression(query), whole, query.text.upper(), limit])
    return [pk for (pk,) in cursor.fetchall()]


def vocabulary(cursor: Any, beginning: str = "") -> list[tuple[str, int]]:
    """(word, products that have it in title, brand or category), of words that begin so (no prefix: all)."""
    cursor.execute(
        "SELECT word, ndoc FROM ts_stat('SELECT names FROM catalog_search') WHERE starts_with(word, %s)",
        [beginning],
    )
    return list(cursor.fetchall())


IDS = "SELECT value::bigint FROM json_array_elements_text(%s::json)"
