"""Many short texts by id, one after the other: a fifth of the memory that an object for each takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Packed:
    """n texts. ids: (n,) rising. starts: (n + 1,) where each begins in `texts`, and where the last one ends.
    valid: (n,) whether it still holds."""

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    texts: bytes
    valid: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, ids: Sequence[int]) -> dict[int, str]:
        """id -> text, of those there are."""
        at = self._at(ids)
        starts, ends = self.starts[at].tolist(), self.starts[at + 1].tolist()
        found = zip(self.ids[at].tolist(), starts, ends, strict=True)
        return {pk: self.texts[start:end].decode() for pk, start, end in found}

    def without(self, ids: Iterable[int]) -> Packed:
        """The same less these texts."""
        valid = self.valid.copy()
        valid[self._at([*ids])] = False
        return replace(self, valid=valid)

    def _at(self, ids: Sequence[int]) -> NDArray[np.int64]:
        """Where those of the ids are that there are."""
        wanted = np.array(ids, np.int64)
        at = np.searchsorted(self.ids, wanted)
        there = at < len(self.ids)
        at, wanted = at[there], wanted[there]
        found: NDArray[np.int64] = at[(self.ids[at] == wanted) & self.valid[at]]
        return found


def packed(parts: Iterable[Sequence[tuple[int, str]]]) -> Packed:
    """All (id, text) of the parts, whose ids rise."""
    ids, sizes, texts = [np.empty(0, np.int64)], [np.zeros(1, np.int64)], bytearray()
    for part in parts:
        own = [text.encode() for _, text in part]
        ids.append(np.array([pk for pk, _ in part], np.int64))
        sizes.append(np.array([len(text) for text in own], np.int64))
        texts += b"".join(own)
    every = np.concatenate(ids)
    return Packed(every, np.cumsum(np.concatenate(sizes)), bytes(texts), np.ones(len(every), np.bool_))
