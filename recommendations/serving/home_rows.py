"""The home page's rows: which there are, in which order, and what is in each. No product is in two of them.

A row's address asks for that row alone, so everyone who renders one must know what the rows before it show.
That is worked out once and kept, as ids, for the model, the shopper's feedback, the rules and the minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import blake2b

import numpy as np
from django.core.cache import cache

from catalog.columns import NONE, Catalogue
from catalog.models import Category, Product
from feedback.models import Shopper
from recommendations.conf import Conf, conf
from recommendations.merchandising import Action, Rules
from recommendations.serving import shelf, trends
from recommendations.serving.alike import alike
from recommendations.serving.history import NOTHING, ShopperHistory
from recommendations.serving.index import LiveModel
from recommendations.serving.reasons import because, deed_in_words
from recommendations.serving.results import Strategy
from recommendations.serving.service import EVERYTHING, Ranked, lately, ranked_for, scored
from recommendations.serving.snapshot import Snapshot, current
from recommendations.signals import RATING

FOR_YOU, BECAUSE, CONTINUE, TRENDING, NEW, DEPARTMENT = KEYS = (
    "for-you", "because", "continue", "trending", "new", "department"
)  # fmt: skip
ROW_LENGTH = 12
# Fewer products than this make no row of what is trending.
A_FEW = 3
# How far back a liked or opened product still gets a row of its own, in products of the history.
RECENT = 200
LIKED, DEEDS_OF_LIKING = 4, {"purchase", "wishlist"}
OPENED = {"view", "click", "basket", "wishlist"}
MINUTE, KEEP_SECONDS = 60, 120


@dataclass(frozen=True)
class Row:
    """One row before its products are read.

    ids, scores: the products, best first. words: per product, what is said of it, "" where the product itself
    tells; numbers: its place in its department, 0 where that is not told. about: the title of the product the
    row rests on. said: why there is such a row.
    """

    key: str
    strategy: Strategy
    ids: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    about: str = ""
    said: str = ""


@dataclass(frozen=True, eq=False)
class Draft:
    """Candidates of a row, product id -> score, before anything is left out."""

    row: Row
    scores: dict[int, float]
    rules: Rules


def row_of(key: str, shopper: Shopper | None, *, now: datetime) -> Row | None:
    """The row of that key, less what the rows before it show; None when it would be empty."""
    return next((row for row in later_rows(shopper, now=now) if row.key == key), None)


def later_rows(
    shopper: Shopper | None,
    *,
    now: datetime,
    ranked: Ranked | None = None,
    behind: dict[int, Product] | None = None,
) -> list[Row]:
    """Every row but For you, less what is shown before, none of them empty.

    ranked, behind: the shopper's list and the products of their history, where they were read already.
    """
    snapshot = ranked.snapshot if ranked else current()
    rules = snapshot.rules_at(now)
    key = _key(snapshot.model, shopper, rules, now)
    kept = cache.get(key)
    if kept is not None:
        return [_row(each) for each in kept]
    if ranked is None and shopper and shopper.consent:
        ranked = ranked_for(shopper, now=now, snapshot=snapshot)
    if behind is None:
        behind = products_behind(ranked)
    rows = _allot(ranked, snapshot, rules, behind, conf(), now=now)
    cache.set(key, [asdict(row) for row in rows], KEEP_SECONDS)
    return rows


def products_behind(ranked: Ranked | None) -> dict[int, Product]:
    """What For you shows and the products of the newest part of the shopper's history. One query."""
    if ranked is None:
        return {}
    ids = {*_weights(ranked.history), *(place.product_id for place in mine(ranked))}
    return Product.objects.for_cards().in_bulk(ids) if ids else {}


def mine(ranked: Ranked | None) -> list[shelf.Place]:
    """What For you shows: the beginning of the shopper's list, while it is theirs alone."""
    return ranked.places(0, ROW_LENGTH) if ranked and ranked.strategy == Strategy.PERSONAL else []


def _allot(
    ranked: Ranked | None,
    snapshot: Snapshot,
    rules: Rules,
    behind: dict[int, Product],
    settings: Conf,
    *,
    now: datetime,
) -> list[Row]:
    history = ranked.history if ranked else NOTHING
    plain = rules.without_pins()
    drafts = [
        *_personal(history, behind, snapshot, settings, plain),
        *_everybodys(snapshot, settings, plain, now=now),
        *_department(history, behind, settings, plain, now=now),
    ]
    shown = {place.product_id for place in mine(ranked)}
    rows = []
    for draft in drafts:
        left_out = shown | _not_for(draft.row.key, history)
        places = shelf.places(draft.scores, EVERYTHING, draft.rules, left_out, snapshot)[:ROW_LENGTH]
        if not places:
            continue
        shown |= {place.product_id for place in places}
        rows.append(_finished(draft, places, snapshot.catalogue))
    return rows


def _not_for(key: str, history: ShopperHistory) -> frozenset[int]:
    """What the shopper's history keeps out of a row; what is new or trending is so for who rated it too."""
    if key not in (TRENDING, NEW):
        return history.settled
    deeds = zip(history.deeds, history.history.weights.tolist(), strict=True)
    disliked = [deed != RATING and weight < 0 for deed, weight in deeds]
    return frozenset(history.history.products[disliked].tolist()) if disliked else frozenset()


def _finished(draft: Draft, places: list[shelf.Place], catalogue: Catalogue) -> Row:
    ids = tuple(place.product_id for place in places)
    told = dict(zip(draft.scores, draft.row.words, strict=True)) if draft.row.words else {}
    numbers = _numbers(draft.scores, catalogue) if draft.row.strategy == Strategy.TRENDING else {}
    return replace(
        draft.row,
        ids=ids,
        scores=tuple(place.score for place in places),
        words=tuple(told.get(pk, "") for pk in ids),
        numbers=tuple(numbers.get(pk, 0) for pk in ids),
    )


def _personal(
    history: ShopperHistory,
    behind: dict[int, Product],
    snapshot: Snapshot,
    settings: Conf,
    rules: Rules,
) -> Iterator[Draft]:
    """Because you liked X, and what was opened but neither bought nor settled."""
    row = _liked(history)
    cause = None if row is None else behind.get(int(history.history.products[row]))
    if row is not None and cause is not None:
        scores, strategy = alike(cause, snapshot, settings)
        said = because(history, row, cause.title)
        yield Draft(Row(BECAUSE, strategy, about=cause.title, said=said), scores, rules)
    words = {int(history.history.products[each]): _footstep(history, each) for each in _opened(history)}
    steps = {pk: float(-place) for place, pk in enumerate(words)}
    # Their own footsteps, in order: of the rules only the dropping ones mean them.
    drops = Rules(tuple(rule for rule in rules.rules if rule.action == Action.DROP))
    yield Draft(Row(CONTINUE, Strategy.PERSONAL, words=tuple(words.values())), steps, drops)


def _everybodys(snapshot: Snapshot, settings: Conf, rules: Rules, *, now: datetime) -> Iterator[Draft]:
    scores, strategy = lately(settings, now=now)
    if snapshot.model is not None and (strategy == Strategy.NEWEST or len(scores) < A_FEW):
        # A quiet time, or purchases imported from long ago: the model still knows what shoppers like.
        found = scored(NOTHING, snapshot, EVERYTHING, settings, now=now)
        scores = dict(zip(found.products.tolist(), found.scores.tolist(), strict=True))
        yield Draft(Row(TRENDING, found.strategy, said="Popular here"), scores, rules)
    elif strategy != Strategy.NEWEST:  # they have a row of their own
        yield Draft(Row(TRENDING, strategy), scores, rules)
    newest = _for_a_minute("newest", lambda: trends.newest_scores(settings), now)
    yield Draft(Row(NEW, Strategy.NEWEST), newest, rules)


def _department(
    history: ShopperHistory, behind: dict[int, Product], settings: Conf, rules: Rules, *, now: datetime
) -> Iterator[Draft]:
    """The best rated of the department that the shopper's history weighs most for."""
    totals: dict[int, float] = {}
    for pk, weight in _weights(history).items():
        category = behind[pk].category if pk in behind else None
        if category is not None:
            department = category.department.pk
            totals[department] = totals.get(department, 0.0) + weight
    best = max(totals, key=lambda each: (totals[each], -each), default=None)
    if best is not None and totals[best] > 0:
        rated = Product.objects.recommendable().in_category(Category(pk=best)).filter(rating_count__gt=0)

        def read() -> dict[int, float]:
            return trends.rating_scores(rated.by_rating(), most=settings.candidates)

        yield Draft(Row(DEPARTMENT, Strategy.POPULAR), _for_a_minute(f"top:{best}", read, now), rules)


def _footstep(history: ShopperHistory, row: int) -> str:
    """What was done, of "it": the card says what."""
    words = deed_in_words(history, row, "it")
    return words[:1].upper() + words[1:]


def _for_a_minute(name: str, read: Callable[[], dict[int, float]], now: datetime) -> dict[int, float]:
    """What is the same for everybody, read once a minute."""
    key = f"home-pool:{name}:{int(now.timestamp()) // MINUTE}"
    kept = cache.get(key)
    if kept is None:
        kept = list(read().items())
        cache.set(key, kept, KEEP_SECONDS)
    return dict(kept)


def _recent(history: ShopperHistory) -> range:
    """Rows of the history, newest first."""
    return range(len(history) - 1, max(-1, len(history) - 1 - RECENT), -1)


def _liked(history: ShopperHistory) -> int | None:
    """The row of what the shopper liked last."""
    for row in _recent(history):
        rated = history.deeds[row] == RATING and history.history.ratings[row] >= LIKED
        if rated or (history.deeds[row] in DEEDS_OF_LIKING and history.history.weights[row] > 0):
            return row
    return None


def _opened(history: ShopperHistory) -> Iterator[int]:
    """Rows of what was looked at and not settled, newest first."""
    for row in _recent(history):
        if history.deeds[row] in OPENED and int(history.history.products[row]) not in history.settled:
            yield row


def _weights(history: ShopperHistory) -> dict[int, float]:
    """Product id -> weight, of the newest part of the history."""
    recent = _recent(history)
    return {int(history.history.products[row]): float(history.history.weights[row]) for row in recent}


def _numbers(scores: dict[int, float], catalogue: Catalogue) -> dict[int, int]:
    """Product id -> its place among the candidates of its department that may be shown, from 1."""
    counted: dict[int, int] = {}
    numbers = {}
    ids = np.fromiter(scores, np.int64, len(scores))
    at = catalogue.positions(ids)
    for pk, place in zip(ids.tolist(), at.tolist(), strict=True):
        if place == NONE or not catalogue.recommendable[place]:
            continue
        department = int(catalogue.department[place])
        if department == NONE:
            continue
        counted[department] = counted.get(department, 0) + 1
        numbers[pk] = counted[department]
    return numbers


def rules_key(rules: Rules) -> str:
    """Another one as soon as a rule is added, changed, begins or ends."""
    said = repr([(r.pk, r.action, r.strength, r.product_id, r.category_id, r.brand) for r in rules.rules])
    return blake2b(said.encode(), digest_size=8).hexdigest()


def _key(model: LiveModel | None, shopper: Shopper | None, rules: Rules, now: datetime) -> str:
    known = f"{shopper.pk}:{shopper.feedback_version}:{int(shopper.consent)}" if shopper else "nobody"
    version, minute = model.version if model else 0, int(now.timestamp()) // MINUTE
    return f"home-rows:{known}:{version}:{rules_key(rules)}:{minute}"


def _row(kept: dict[str, object]) -> Row:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return replace(Row(**values), strategy=Strategy(str(kept["strategy"])))  # type: ignore[arg-type]
