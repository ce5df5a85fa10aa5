"""A factor table in single bytes, to be looked through before the table itself is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from recommendations.engine.compiled_search import SMALLEST_NORMAL
from recommendations.engine.compiled_vectors import TILE
from recommendations.engine.foldin import Matrix
from recommendations.engine.types import Floats

Bytes = NDArray[np.int8]
LARGEST, TILES = 127, 256


def greatest_of_tiles(values: Floats) -> Floats:
    """(tiles,) the greatest of the values of each tile's products."""
    starts = np.arange(0, len(values), TILE)
    return np.maximum.reduceat(values, starts).astype(np.float32) if len(values) else values


@dataclass(frozen=True, eq=False)
class Coarse:
    """q_ij is scale_i unit_j code_ij, give or take half of scale_i unit_j.

    codes: (tiles, factors, TILE), TILE products side by side; those that fill the last tile up are 0. scales:
    (products,). units: (factors,) what a column spreads by, so that none is rounded more than another.
    """

    codes: Bytes
    scales: Floats
    units: Matrix

    @classmethod
    def of(cls, head: Floats, rest: Floats, gram: Matrix) -> Self:
        """Of the arrays of an `ItemFactors`."""
        count, size = len(head), len(gram)
        units = np.sqrt(gram / max(1, count))
        units[~(units > 0)] = 1.0
        tiles, scales = np.zeros((-(-count // TILE), size, TILE), np.int8), np.empty(count, np.float32)
        # So many tiles at a time that it takes little memory.
        for start in range(0, count, TILES * TILE):
            part = slice(start, start + TILES * TILE)
            rows = np.concatenate([head[part], rest[part]], axis=1) / units
            scales[part] = np.maximum(np.abs(rows).max(axis=1, initial=0) / LARGEST, SMALLEST_NORMAL)
            rows = np.rint(rows / scales[part, None].astype(np.float64))
            tiled = np.pad(rows, ((0, -len(rows) % TILE), (0, 0))).reshape(-(-len(rows) // TILE), TILE, size)
            tiles[start // TILE : start // TILE + len(tiled)] = tiled.transpose(0, 2, 1)
        return cls(tiles, scales, units)
