"""Algorithms and their settings in the words of somebody who runs a shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Description:
    """title: a short name. words: how it makes a list, in a sentence or two."""

    title: str
    words: str


DESCRIPTIONS: Mapping[str, Description] = {
    "svd": Description(
        "Hidden tastes (SVD)",
        "It learns a handful of hidden tastes from what all shoppers liked, works out how much of each taste "
        "you have from what you did, and looks for products with the same mix.",
    ),
    "als": Description(
        "Hidden tastes (ALS)",
        "It learns hidden tastes from what shoppers have and have not taken, works out yours from what you "
        "did, and looks for products with the same mix.",
    ),
    "ease": Description(
        "Weighing what you have (EASE)",
        "For every product it learns how much having each other product speaks for it or against it, all of "
        "them weighed together. Your list is the sum over what you did.",
    ),
    "sparse_ease": Description(
        "Weighing what you have (sparse EASE)",
        "For every product it picks the other products that tell most about it and learns how much each "
        "speaks for it. Your list is the sum over what you did.",
    ),
    "item_knn": Description(
        "Products liked together (item-kNN)",
        "It notes which products the same shoppers like. Your list is what goes best with the things you "
        "liked.",
    ),
    "graph_filter": Description(
        "Paths through what shoppers like (graph filter)",
        "It follows the links from your products to the shoppers who like them and on to what those "
        "shoppers like, and keeps the strong patterns.",
    ),
    "content": Description(
        "Products described alike",
        "It compares titles, descriptions, departments, brands and prices. Your list is what is described "
        "like the things you liked.",
    ),
    "popularity": Description(
        "Popularity", "It shows what most shoppers liked; the list is the same for everybody."
    ),
    "blend": Description(
        "Several methods together (blend)",
        "It adds up the scores of several methods, each weighed by how well it told what shoppers went on "
        "to like.",
    ),
}
SETTING_WORDS: Mapping[str, str] = {
    "regularization": "regularization",
    "factors": "hidden tastes",
    "epochs": "rounds",
    "neighbours": "neighbours",
    "shrinkage": "shrinkage",
    "recency": "weight of each step back in time",
    "sequence": "weight of what was done in order",
    "trend": "weight of what is bought lately",
    "trend_half_life_days": "half-life of what is bought lately, days",
    "popularity_exponent": "damping of popular products",
    "shopper_exponent": "damping of busy shoppers",
    "dropout": "share left out while learning",
    "half_life_days": "half-life, days",
    "unobserved": "weight of what was not taken",
}
# What says nothing about the lists: limits of memory, and what a weight of 0 turns off.
UNSAID = {"max_products", "block", "places", "learning_rate", "negatives", "solver"}
TURNED_OFF_BY = {"trend_half_life_days": "trend"}


def describe(algorithm: str) -> Description:
    """The description of an algorithm; of one without words of its own the name."""
    named = DESCRIPTIONS.get(algorithm)
    return named or Description(algorithm.replace("_", " "), "It learns from what all shoppers did.")


def settings_in_words(algorithm: str, config: Mapping[str, Any]) -> str:
    """The settings that make the difference, as one reads them; for a blend its parts and their weights."""
    if algorithm == "blend":
        return _blend_in_words(config)
    said = []
    for name, value in config.items():
        off = not config.get(TURNED_OFF_BY.get(name, ""), 1)
        if name in UNSAID or off or isinstance(value, Mapping | list | tuple):
            continue
        said.append(f"{SETTING_WORDS.get(name, name.replace('_', ' '))} {_value(value)}")
    return ", ".join(said)


def _blend_in_words(config: Mapping[str, Any]) -> str:
    names = [str(part[0]) for part in config.get("parts", ())]
    weights = list(config.get("weights", ()))
    if len(weights) != len(names):
        return " + ".join(names)
    return " + ".join(f"{weight:.0%} {name}" for name, weight in zip(names, weights, strict=True))


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
