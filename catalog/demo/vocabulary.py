"""The words the demo catalogue is made of, read from `departments/*.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "departments"
# The shop window's order: what most people come for first.
ORDER = (
    "kitchen", "home", "books", "garden", "audio", "outdoor", "textiles", "beauty", "games", "coffee",
    "cycling", "stationery", "toys", "furniture", "sport", "pets",
)  # fmt: skip
NOT_POOLS = ("patterns", "attributes", "about")
SINGULAR = ("String of Hearts", "Golden Barrel Cactus")
COLOURS = {
    "@natural": ["Oat", "Sage", "Terracotta", "Charcoal", "Cream", "Sky", "Ochre", "Blush", "Slate", "Moss"],
    "@rich": ["Forest", "Rust", "Navy", "Plum", "Mustard", "Teal", "Sand", "Rose", "Olive", "Ink", "Oat"],
    "@bright": ["Coral", "Sky", "Mint", "Mustard", "Lilac", "Cobalt", "Brick", "Butter"],
}


@dataclass(frozen=True)
class Kind:
    """What a product is ("Teapot"), and how its price compares with the aisle's."""

    name: str
    price_factor: float = 1.0

    @property
    def is_plural(self) -> bool:
        return self.name.endswith("s") and not self.name.endswith("ss") and self.name not in SINGULAR


@dataclass(frozen=True)
class Aisle:
    """One aisle's words.

    only: per kind, what replaces the aisle's pools, and its `patterns`, `attributes` and `about`.
    once: the pool whose words are used once each. closers, brands: used instead of the department's.
    """

    name: str
    count: int
    price: tuple[float, float]
    kinds: tuple[Kind, ...]
    patterns: tuple[str, ...]
    attributes: tuple[str, ...]
    about: tuple[str, ...]
    pools: dict[str, list[str]]
    closers: tuple[str, ...] = ()
    brands: dict[str, float] = field(default_factory=dict)
    once: str = ""
    only: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def pools_of(self, kind: Kind) -> dict[str, list[str]]:
        own = self.only.get(kind.name, {})
        return {**self.pools, **{name: own[name] for name in own if name not in NOT_POOLS}}

    def patterns_of(self, kind: Kind) -> Sequence[str]:
        return self.only.get(kind.name, {}).get("patterns", self.patterns)

    def attributes_of(self, kind: Kind) -> Sequence[str]:
        return self.only.get(kind.name, {}).get("attributes", self.attributes)

    def about_of(self, kind: Kind) -> Sequence[str]:
        return self.only.get(kind.name, {}).get("about", self.about)


@dataclass(frozen=True)
class Department:
    """One department: its aisles, and brands with how their prices compare."""

    name: str
    code: str
    brands: dict[str, float]
    closers: tuple[str, ...]
    aisles: tuple[Aisle, ...]


@cache
def departments() -> tuple[Department, ...]:
    """Every department, in the order of the shop window."""
    return tuple(_department(tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))) for name in ORDER)


def _department(words: dict[str, Any]) -> Department:
    return Department(
        name=words["name"],
        code=words["code"],
        brands=words["brands"],
        closers=tuple(words["closers"]),
        aisles=tuple(_aisle(aisle) for aisle in words["aisle"]),
    )


def _aisle(words: dict[str, Any]) -> Aisle:
    lowest, highest = words["price"]
    return Aisle(
        name=words["name"],
        count=words["count"],
        price=(float(lowest), float(highest)),
        kinds=tuple(_kind(text) for text in words["kinds"]),
        patterns=tuple(words["patterns"]),
        attributes=tuple(words["attributes"]),
        about=tuple(words["about"]),
        pools={
            name: COLOURS[values] if isinstance(values, str) else values
            for name, values in words["pools"].items()
        },
        closers=tuple(words.get("closers", ())),
        brands=words.get("brands", {}),
        once=words.get("once", ""),
        only=words.get("only", {}),
    )


def _kind(text: str) -> Kind:
    name, _, factor = text.partition("*")
    return Kind(name, float(factor or 1))
