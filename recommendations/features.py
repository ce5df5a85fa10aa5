"""What the shop says of its products, as the engine takes it: for training and for products created since."""

from __future__ import annotations

import numpy as np

from catalog.models import ProductQuerySet
from recommendations.engine.types import ItemFeatures, Vocabulary

COLUMNS = ("pk", "title", "description", "category__parent__name", "category__name", "brand", "price")


def features_of(products: ProductQuerySet) -> ItemFeatures:
    """Title, description, department and aisle, brand and price of each. One query."""
    rows = list(products.order_by("pk").values_list(*COLUMNS))
    return ItemFeatures(
        products=Vocabulary(np.array([row[0] for row in rows], np.int64)),
        titles=[row[1] for row in rows],
        descriptions=[row[2] for row in rows],
        categories=[tuple(name for name in row[3:5] if name) for row in rows],
        brands=[row[5] for row in rows],
        prices=np.array([row[6] for row in rows], np.float32),
    )
