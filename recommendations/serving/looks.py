"""How products look in a list, from words that are cut up once per product."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from catalog.cards import Card
from recommendations.engine.variety import Labelled, LabelTable, labels_of
from recommendations.serving.snapshot import Snapshot

Look = tuple[str, Hashable | None, Hashable | None, str]
"""Title, aisle, department, brand: as of `labels_of`."""
NOTHING: Look = ("", None, None, "")
NOT_YET = -1
# Looks kept, some 200 bytes each: a shop's titles change, and nobody asks for the old ones.
MOST = 200_000


class _Looks:
    """Every look there was, each in a row of one table; and the row of each product of a snapshot."""

    def __init__(self) -> None:
        self.table = LabelTable()
        self.rows: dict[Look, int] = {}
        self.of: WeakKeyDictionary[Snapshot, NDArray[np.int64]] = WeakKeyDictionary()


_lock = threading.Lock()
_looks = _Looks()


def looks_of(ids: NDArray[np.int64], at: NDArray[np.int64], snapshot: Snapshot) -> Labelled:
    """The products as they look; `at`: their positions in the catalogue, none of them NONE."""
    looks = _looks
    by_product = looks.of.get(snapshot)
    rows = NOTHING_KNOWN if by_product is None else by_product[at]
    if not len(rows) or rows.min() < 0:
        looks, rows = _look(ids, at, snapshot)
    return looks.table.of(rows)


NOTHING_KNOWN = np.empty(0, np.int64)


def _look(
    ids: NDArray[np.int64], at: NDArray[np.int64], snapshot: Snapshot
) -> tuple[_Looks, NDArray[np.int64]]:
    """(where their looks are kept, (n,) the row of each): those not looked at yet are looked at now."""
    global _looks
    cards = snapshot.cards.of(ids.tolist())
    seen = [_look_of(cards.get(pk), int(place), snapshot) for pk, place in zip(ids.tolist(), at, strict=True)]
    with _lock:
        if len(_looks.table) > MOST:
            _looks = _Looks()
        looks = _looks
        for look in seen:
            if look not in looks.rows:
                looks.rows[look] = looks.table.add(labels_of(*look))
        rows = np.array([looks.rows[look] for look in seen], np.int64)
        if snapshot not in looks.of:
            looks.of[snapshot] = np.full(len(snapshot.catalogue), NOT_YET)
        looks.of[snapshot][at] = rows
    return looks, rows


def _look_of(card: Card | None, at: int, snapshot: Snapshot) -> Look:
    if card is None:  # deleted in this very moment
        return NOTHING
    aisle, department = int(snapshot.catalogue.category[at]), int(snapshot.catalogue.department[at])
    return card.title, aisle if aisle >= 0 else None, department if department >= 0 else None, card.brand
