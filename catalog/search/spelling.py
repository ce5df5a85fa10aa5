"""The shop's own words near a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

# Up to this many letters one slip is forgiven, above it two; shorter words are taken as they are.
SHORTEST, ONE_SLIP = 3, 5


def slips_allowed(word: str) -> int:
    """How many letters may be wrong, missing, too many, or swapped with their neighbour."""
    if len(word) < SHORTEST or not word.isalpha():
        return 0
    return 1 if len(word) <= ONE_SLIP else 2


def distance(one: str, other: str, limit: int) -> int:
    """Optimal string alignment: how many insertions, deletions, replacements and swaps of neighbours, or
    `limit` + 1 when it is more.

    L. Boytsov, "Indexing methods for approximate dictionary searching", 2011, section 2.1.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        last, before, row = before, row, [i]
        for j, against in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > limit and (i == 1 or min(before) > limit):
            return limit + 1
    return min(row[-1], limit + 1)


def near(word: str, vocabulary: Iterable[tuple[str, int]], *, most: int = 5) -> list[str]:
    """The words of the vocabulary within the slips allowed, likeliest first.

    vocabulary: (word, how many products have it). The fewest slips win, then the same first letter, then the
    commoner word.
    """
    limit = slips_allowed(word)
    if not limit:
        return []
    letters, found = set(word), []
    for other, products in vocabulary:
        # Each slip changes at most one letter of the set: most words are ruled out without aligning them.
        if abs(len(other) - len(word)) > limit or other == word:
            continue
        theirs = set(other)
        if len(letters - theirs) > limit or len(theirs - letters) > limit:
            continue
        slips = distance(word, other, limit)
        if slips <= limit:
            found.append((slips, other[0] != word[0], -products, other))
    return [other for *_, other in sorted(found)[:most]]


def halves(word: str, known: Iterable[str]) -> list[str]:
    """Two known words the word is made of, such as "tea pot" for "teapot"."""
    words = set(known)
    return [
        f"{word[:cut]} {word[cut:]}"
        for cut in range(SHORTEST, len(word) - SHORTEST + 1)
        if word[:cut] in words and word[cut:] in words
    ]
