"""How products look in a list, from words that are cut up once per product."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from catalog.cards import Card, Cards
from catalog.columns import NONE, Catalogue
from recommendations.engine.variety import Labelled, Labels, LabelTable, labels_of

if TYPE_CHECKING:
    from recommendations.serving.snapshot import Snapshot

Ids = NDArray[np.int64]
Kept = tuple[LabelTable, Ids]
"""Where looks are kept, and (catalogue,) the row of each product there."""
NOT_YET = -1
NOTHING = Labels((), ())
# Looks kept, some 80 bytes each; what changed products looked like before is among them.
MOST = 200_000
CHUNK = 1000
_lock = threading.Lock()


class Looks:
    """How the products of a catalogue look; each is looked at when it is first asked for, or ahead."""

    def __init__(self, catalogue: Catalogue, kept: Kept | None = None) -> None:
        self._catalogue = catalogue
        self._kept = kept or self._nothing()

    def _nothing(self) -> Kept:
        return LabelTable(), np.full(len(self._catalogue), NOT_YET)

    def after(self, catalogue: Catalogue, changed: Sequence[int] | None) -> Looks:
        """Those of the next catalogue: the same less what changed, in the same table; none for None."""
        if changed is None:
            return Looks(catalogue)
        if catalogue is self._catalogue and not changed:
            return self
        table, rows = self._kept
        own = np.full(len(catalogue), NOT_YET)
        before = self._catalogue.positions(catalogue.ids)
        own[before != NONE] = rows[before[before != NONE]]
        anew = catalogue.positions(np.array(changed, np.int64))
        own[anew[anew != NONE]] = NOT_YET
        return Looks(catalogue, (table, own))

    def read_ahead(self, cards: Cards) -> None:
        """Look at all products, so that no list waits for it; at none of more than leave room for changes."""
        if len(self._catalogue) > MOST // 2:
            return
        for start in range(0, len(self._catalogue), CHUNK):
            at = np.arange(start, min(start + CHUNK, len(self._catalogue)))
            self._look(self._kept, at, cards.once(self._catalogue.ids[at].tolist()))

    def columns(self) -> tuple[Ids, int, Ids, NDArray[np.int32], NDArray[np.float64]]:
        """((catalogue,) the row of each product in a table, how many rows that has, its `Labelled` columns).

        A row that is not one of so many is of a product nobody has looked at, or only in this very moment.
        """
        table, rows = self._kept
        # First their number: any later state of the columns has these rows.
        count = len(table)
        known = table.of(rows)
        return rows, count, known.starts, known.places, known.values

    def of(self, ids: Ids, at: Ids, cards: Cards) -> Labelled:
        """The products as they look; `at`: their positions in the catalogue, none of them NONE."""
        kept = self._kept
        table, rows = kept
        own = rows[at]
        if not len(own) or own.min() != NOT_YET:
            return table.of(own)
        if len(table) > MOST:
            kept = self._kept = table, rows = self._nothing()
        unseen = rows[at] == NOT_YET
        self._look(kept, at[unseen], cards.of(ids[unseen].tolist()))
        return table.of(rows[at])

    def _look(self, kept: Kept, at: Ids, cards: Mapping[int, Card]) -> None:
        """cards: by id; a product that was deleted in this very moment has none."""
        columns = (self._catalogue.ids, self._catalogue.category, self._catalogue.department)
        places = zip(*(column[at].tolist() for column in columns), strict=True)
        seen = [_labels_of(cards.get(pk), aisle, department) for pk, aisle, department in places]
        table, rows = kept
        with _lock:
            rows[at] = table.extend(seen)


def _labels_of(card: Card | None, aisle: int, department: int) -> Labels:
    if card is None:
        return NOTHING
    return labels_of(
        card.title, None if aisle == NONE else aisle, None if department == NONE else department, card.brand
    )


def looks_of(ids: Ids, at: Ids, snapshot: Snapshot) -> Labelled:
    """The products as they look; `at`: their positions in the catalogue, none of them NONE."""
    return snapshot.looks.of(ids, at, snapshot.cards)
