"""What an importer hands to the writer, in the shop's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pandas as pd


@dataclass(frozen=True, slots=True)
class ProductDetails:
    """What a data set says about a product. Where it is silent (empty, None), the shop's own value stays."""

    sku: str
    title: str = ""
    description: str = ""
    brand: str = ""
    path: tuple[str, ...] = ()  # department, aisle
    price: Decimal | None = None
    stock: int | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Products, ratings and events of one chunk.

    `ratings`: shopper, product (a SKU), rating, time.
    `events`: shopper, product, kind, time, quantity, order.
    """

    products: Sequence[ProductDetails] = ()
    ratings: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    merged: int = 0  # rows that were added to another row of their order


@dataclass
class Tally:
    """What an import changed."""

    products_new: int = 0
    products_updated: int = 0
    categories_new: int = 0
    shoppers_new: int = 0
    ratings_new: int = 0
    ratings_changed: int = 0
    events_new: int = 0
    merged: int = 0
    known: int = 0  # ratings and events that were in the shop already, or twice in the data

    @property
    def changes(self) -> int:
        """How many rows of the shop were written; 0 says that all of it was there."""
        return (
            self.products_new + self.products_updated + self.categories_new + self.shoppers_new
            + self.ratings_new + self.ratings_changed + self.events_new
        )  # fmt: skip
