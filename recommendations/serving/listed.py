"""Lists for programs: products are cards, and of each reason there is the main cause only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from catalog.cards import Card
from recommendations.engine.types import Positions
from recommendations.serving import newcomers, reasons
from recommendations.serving.candidates import Candidates
from recommendations.serving.history import ShopperHistory
from recommendations.serving.reasons import Brief
from recommendations.serving.results import Listed, Strategy
from recommendations.serving.service import NOWHERE, Asked, Ranked, predicted, ranked_for, those_there
from recommendations.serving.snapshot import Snapshot
from recommendations.serving.state import Whose


def listed_for(
    shopper: Whose | None,
    asked: Asked,
    *,
    now: datetime,
    snapshot: Snapshot,
    read: tuple[ShopperHistory, Candidates] | None = None,
    told: str | None = None,
) -> Listed:
    """A page of the list of `service.recommend_for`.

    No query but the history's, once this process knows the cards; none with what was `read` for many, or with
    the history as it was `told`.
    """
    found = ranked_for(shopper, now=now, asked=asked, snapshot=snapshot, found=read, told=told)
    ids, scores = found.page(asked.offset, asked.limit)
    cards = snapshot.cards.of(ids)
    ids, scores = those_there(ids, scores, cards)
    model, explored = found.model, found.explored
    at = model.bundle.products.positions(np.array(ids, np.int64)) if model else NOWHERE
    shown = [cards[pk] for pk in ids]
    return Listed(
        shown, scores, *_reasons(shown, at, found),
        predicted(at, found.history, model) if model else [None] * len(ids),
        [pk in explored for pk in ids],
        found.total, found.strategy, model.version if model else None, now,
    )  # fmt: skip


def _reasons(shown: list[Card], at: Positions, found: Ranked) -> Brief:
    """at: the positions in the model of what is shown."""
    history, model, cards, settings = found.history, found.model, found.snapshot.cards, found.settings
    if model is None or found.strategy != Strategy.PERSONAL:
        words = [reasons.everybodys(card, found.strategy, settings).text for card in shown]
        return Brief.of("", len(shown))._replace(words=words)
    told = reasons.personal_in_brief(at, history, model, cards)
    news, ids = newcomers.newcomers_of(found.snapshot, settings), [card.pk for card in shown]
    for pk, why in newcomers.reasons_for(ids, history, news, found.explored, cards).items():
        cause: Any = why.product  # a card
        told.put(ids.index(pk), why.text, cause, why.share)
    return told
