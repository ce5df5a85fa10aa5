"""What must be true after a storm, looked at one by one; each violation is a sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.breakable import BreakableShop
from benchmarks.ledger import Load, ask

SHOWN = 5
LISTS = 12
# What the command says when another process trains.
BUSY = ("wait for it to end", "try again", "A worker was faster")
SETTLED = """
    SELECT s.external_id, p.sku FROM feedback_rating r
    JOIN feedback_shopper s ON s.id = r.shopper_id JOIN catalog_product p ON p.id = r.product_id
    WHERE s.external_id = ANY(%s)
    UNION SELECT s.external_id, p.sku FROM feedback_shopper s, catalog_product p
    WHERE s.external_id = ANY(%s) AND (p.stock = 0 OR NOT p.is_active)
"""
MISCOUNTED = """
    SELECT p.sku FROM catalog_product p
    LEFT JOIN (
        SELECT product_id, count(*) AS n, sum(value) AS total FROM feedback_rating GROUP BY product_id
    ) r ON r.product_id = p.id
    WHERE p.rating_count <> coalesce(r.n, 0) OR p.rating_total <> coalesce(r.total, 0)
"""
# The newest change of every pair must be what the rating says.
UNLOGGED = """
    SELECT s.external_id, r.product_id FROM feedback_rating r
    JOIN feedback_shopper s ON s.id = r.shopper_id AND s.external_id LIKE %s
    LEFT JOIN LATERAL (
        SELECT value FROM feedback_ratingchange c
        WHERE c.shopper_id = r.shopper_id AND c.product_id = r.product_id ORDER BY id DESC LIMIT 1
    ) c ON true
    WHERE c.value IS DISTINCT FROM r.value
"""


def violations(shop: BreakableShop, load: Load) -> Iterator[str]:
    """Everything that is wrong with a shop that has come to rest after a load."""
    yield from _unanswered(load)
    yield from _lost(shop, load)
    yield from _some("products whose count or sum is not that of their ratings", shop.sql(MISCOUNTED))
    yield from _some("ratings whose last change is not logged", shop.sql(UNLOGGED, f"{load.prefix}%"))
    yield from _some("feedback versions that went back", load.versions.went_back)
    yield from _versions(shop, load)
    if not come_to_rest(shop):
        yield "a training was still queued or running minutes after the storm"
    yield from _lists(shop, load)


def _unanswered(load: Load) -> Iterator[str]:
    """Nothing may fail but by "not now" or a broken connection."""
    for who, kinds in (("rating", load.kinds()), ("a list", load.reader.watch.kinds)):
        for kind, count in kinds.items():
            if kind.isdigit() and kind[0] != "2" and kind != "503":
                yield f"{who} was answered {kind} {count} times"
    if not load.ratings:
        yield "no rating was acknowledged at all"


def _lost(shop: BreakableShop, load: Load) -> Iterator[str]:
    rows = shop.sql(
        "SELECT s.external_id, p.sku, r.value FROM feedback_rating r JOIN feedback_shopper s "
        "ON s.id = r.shopper_id JOIN catalog_product p ON p.id = r.product_id "
        "WHERE s.external_id LIKE %s",
        f"{load.prefix}%",
    )
    stored = {(str(shopper), str(sku)): value for shopper, sku, value in rows}
    if len(stored) != len(rows):
        yield f"{len(rows) - len(stored)} ratings are stored twice"
    ledgers = [rater.ledger for rater in load.raters]
    for ledger in ledgers:
        wrong = [
            f"{pair}: stored {stored.get(pair)}, acknowledged {value}"
            for pair, value in ledger.acknowledged.items()
            if stored.get(pair) not in ledger.allowed(pair)
        ]
        yield from _some("acknowledged ratings that are not stored", wrong)
    known = {pair for ledger in ledgers for pair in (*ledger.acknowledged, *ledger.unknown)}
    yield from _some("stored ratings that nobody gave", [str(pair) for pair in stored if pair not in known])


def _versions(shop: BreakableShop, load: Load) -> Iterator[str]:
    """Every request that changed something has moved its shopper's version on."""
    rows = shop.sql("SELECT external_id, feedback_version FROM feedback_shopper")
    version = {str(name): int(str(number)) for name, number in rows}
    for rater in load.raters:
        behind = [name for name, count in rater.ledger.requests.items() if version.get(name, 0) < count]
        yield from _some("shoppers whose version counts fewer changes than were acknowledged", behind)


def come_to_rest(shop: BreakableShop, seconds: float = 180.0) -> bool:
    """Wait until no training is queued or running; whether it came to that."""
    active = "SELECT count(*) FROM recommendations_trainingrun WHERE status IN ('queued', 'running')"
    deadline, quiet = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        quiet = quiet + 1 if shop.sql(active) == [(0,)] else 0
        if quiet >= 5:
            return True
        time.sleep(0.5)
    return False


def _lists(shop: BreakableShop, load: Load) -> Iterator[str]:
    """Lists answered over HTTP are those of a fresh process, and nothing in them is settled or sold out."""
    shoppers = [rater.shoppers[place] for rater in load.raters for place in (0, 7)][:LISTS]
    for _ in range(3):
        served = {name: _served(shop, name) for name in shoppers}
        fresh = json.loads(shop.python(
            "-m", "benchmarks.fresh_lists", shop.key, *shoppers, REDIS_URL="unix:///nowhere/redis.sock"
        ).splitlines()[-1])["lists"]  # fmt: skip
        wrong = [name for name in shoppers if served[name] != fresh[name]]
        if not wrong:
            break
        time.sleep(5)  # a model may have come between the two
    else:
        yield from _some("lists that are not those of a fresh process", wrong)
    settled = {(str(name), str(sku)) for name, sku in shop.sql(SETTLED, shoppers, shoppers)}
    shown = {(name, sku) for name, skus in served.items() for sku in skus}
    yield from _some("settled or unavailable products in lists", [str(each) for each in shown & settled])
    if not all(served.values()):
        yield "a list is empty"


def _served(shop: BreakableShop, shopper: str) -> list[str]:
    said = ask(shop.port, shop.headers, "GET", f"/api/v1/shoppers/{shopper}/recommendations?limit=20")
    return [item["sku"] for item in json.loads(said.body)["items"]] if said.status == 200 else []


def files_left(shop: BreakableShop) -> Iterator[str]:
    """After one more publication: folders of models without a row, drafts, temporary files."""
    _train(shop)
    named = {str(folder) for (folder,) in shop.sql("SELECT folder FROM recommendations_modelversion")}
    models = shop.folder / "models"
    there = {path.name for path in models.iterdir() if path.is_dir()}
    yield from _some("folders of models without a row", sorted(there - named))
    yield from _some("rows of models without a folder", sorted(named - there))
    drafts = [path.name for path in models.rglob("*") if "tmp" in path.name or "draft" in path.name]
    yield from _some("half-written files", drafts)


def _train(shop: BreakableShop, tries: int = 5) -> None:
    """Train by the command. What the storm made due may begin meanwhile, and is waited for.

    Raises RuntimeError with what the command said.
    """
    for left in reversed(range(tries)):
        come_to_rest(shop)
        try:
            shop.python("manage.py", "train_model")
        except RuntimeError as refused:
            if not left or not any(words in str(refused) for words in BUSY):
                raise
        else:
            return


def temporary_files(folder: Path) -> Iterator[str]:
    """After everything has ended: what the processes left in the temporary folder."""
    yield from _some("temporary files", sorted(path.name for path in (folder / "tmp").iterdir()))


def _some(what: str, found: list[str] | list[tuple[object, ...]]) -> Iterator[str]:
    if found:
        yield f"{len(found)} {what}, such as {', '.join(str(each) for each in found[:SHOWN])}"
