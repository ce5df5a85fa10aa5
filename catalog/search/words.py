"""What a shopper types, as words to look for. The index folds case and accents as `fold` does."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Longer searches are cut: nobody means the ninth word, and each costs time.
MAX_LENGTH, MAX_TERMS, MAX_WORD = 100, 8, 40
MIN_INFLECTED = 3
VOWELS = "aeiou"

_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Query:
    """terms: each a run of words that stand side by side ("t-shirt" is ("t", "shirt")); all must be found.

    The last term may be the beginning of a word, as a shopper is still typing it.
    """

    text: str
    terms: tuple[tuple[str, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.terms)

    def with_term(self, place: int, words: str) -> Query:
        """The query with other words in one place."""
        terms = [" ".join(term) for term in self.terms]
        terms[place] = words
        return parse(" ".join(terms))


def fold(text: str) -> str:
    """Small letters without accents; NUL, which databases refuse, is left out."""
    return _ACCENTS.sub("", unicodedata.normalize("NFD", text.replace("\x00", " "))).lower()


def parse(text: str) -> Query:
    """Any text at all as a query; one without letters and digits has no terms."""
    tidy = " ".join(text.replace("\x00", " ")[:MAX_LENGTH].split())
    terms = (tuple(_WORD.findall(chunk)) for chunk in fold(tidy).split())
    kept = [tuple(word[:MAX_WORD] for word in term[:MAX_TERMS]) for term in terms if term]
    return Query(tidy, tuple(kept[:MAX_TERMS]))


def inflections(word: str) -> tuple[str, ...]:
    """The word, its likely singular and its likely plurals: what a shopper does not mean to tell apart."""
    if len(word) < MIN_INFLECTED or not word.isalpha():
        return (word,)
    return tuple(dict.fromkeys([word, *_singulars(word), *_plurals(word)]))


def _singulars(word: str) -> list[str]:
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith("ves"):
        return [word[:-3] + "f", word[:-3] + "fe", word[:-1]]
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        return [word[:-2], word[:-1]]
    return [word[:-1]] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else []


def _plurals(word: str) -> list[str]:
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return []
    if word.endswith("y") and word[-2] not in VOWELS:
        return [word[:-1] + "ies"]
    if word.endswith(("s", "x", "z", "ch", "sh", "o")):
        return [word + "es", word + "s"]
    ends_in_f = {"f": word[:-1] + "ves", "e": word[:-2] + "ves" if word.endswith("fe") else ""}
    return [word + "s", *filter(None, [ends_in_f.get(word[-1], "")])]
