"""Choices that depend on a text alone: the same product gets the same picture on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Chosen = TypeVar("Chosen")


class Choice:
    """A stream of choices drawn from a hash of the text."""

    def __init__(self, text: str) -> None:
        self._text = text.encode("utf-8", "replace")
        self._number = 0

    def share(self) -> float:
        """The next number, 0 up to 1."""
        self._number += 1
        salt = self._number.to_bytes(16, "big")
        return int.from_bytes(blake2b(self._text, digest_size=6, salt=salt).digest(), "big") / 2**48

    def between(self, lowest: float, highest: float) -> float:
        return lowest + (highest - lowest) * self.share()

    def whole(self, lowest: int, highest: int) -> int:
        """A whole number, both ends included."""
        return lowest + int(self.share() * (highest - lowest + 1))

    def pick(self, options: Sequence[Chosen]) -> Chosen:
        return options[int(self.share() * len(options))]

    def chance(self, share: float) -> bool:
        return self.share() < share
