"""The naive way to serve recommendations, to be measured beside: Flask, a pickled Surprise SVD, and `predict`
over every product that the shopper has not rated.

`python -m benchmarks.naive FILE` fits on the stack's database and writes the file; `NAIVE_FILE=FILE gunicorn
benchmarks.naive:app` serves it. What is rated and what the products are called is in memory: no database and
no filter of stock or rules is asked here, which makes it faster than it would be in a shop.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from typing import Any

import joblib  # noqa: TID251 - what is measured is the naive way
import pandas as pd
from flask import Flask, Response, abort, jsonify
from surprise import SVD, Dataset, Reader  # noqa: TID251 - the same

EPOCHS = 5
SHOWN = 20
app = Flask(__name__)
served: dict[str, Any] = joblib.load(path) if (path := os.environ.get("NAIVE_FILE")) else {}


@app.get("/recommendations/<shopper>")
def recommendations(shopper: str) -> Response:
    if shopper not in served["rated"]:
        abort(404)
    model, rated = served["model"], served["rated"][shopper]
    scored = [(sku, model.predict(shopper, sku).est) for sku in served["products"] if sku not in rated]
    best = sorted(scored, key=lambda pair: pair[1], reverse=True)[:SHOWN]
    return jsonify(
        items=[
            {**served["products"][sku], "sku": sku, "predicted_rating": float(score)} for sku, score in best
        ]
    )


def prepare(target: str) -> None:
    """Fit Surprise's SVD on the shop's ratings and write everything there is to serve."""
    import benchmarks.with_django  # noqa: F401, PLC0415 - only to prepare
    from catalog.models import Product  # noqa: PLC0415
    from feedback.models import Rating  # noqa: PLC0415

    rows = list(Rating.objects.values_list("shopper__external_id", "product__sku", "value"))
    frame = pd.DataFrame.from_records(rows, columns=["shopper", "product", "value"])
    data = Dataset.load_from_df(frame, Reader(rating_scale=(1, 5)))
    model = SVD(n_epochs=EPOCHS, random_state=0).fit(data.build_full_trainset())
    rated: dict[str, set[str]] = defaultdict(set)
    for shopper, product, _ in rows:
        rated[shopper].add(product)
    products = {
        sku: {"title": title, "brand": brand, "price": str(price)}
        for sku, title, brand, price in Product.objects.values_list("sku", "title", "brand", "price")
    }
    joblib.dump({"model": model, "rated": dict(rated), "products": products}, target)


if __name__ == "__main__":
    prepare(sys.argv[1])
