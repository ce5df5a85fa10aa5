"""Sentences of the demo catalogue: a product's description from its aisle's and department's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catalog.demo.vocabulary import Kind

# Attribute -> what the description says of it; attributes left out are for the table on the product's page.
PHRASES = {
    "author": "is written by {}",
    "artist": "shows the work of {}",
    "colour": "comes in {}",
    "material": "is made of {}",
    "capacity": "holds {}",
    "volume": "holds {}",
    "length": "is {} long",
    "height": "stands {} tall",
    "width": "is {} wide",
    "origin": "was grown in {}",
    "roast": "is a {} roast",
    "light": "likes {} light",
    "sow": "is best planted {}",
    "burn time": "lasts for {}",
    "battery": "runs {} between charges",
    "connection": "connects by {}",
    "power": "delivers {}",
    "pages": "has {} pages",
    "recipes": "has {} recipes",
    "players": "is for {} players",
    "minutes": "takes about {} minutes",
    "ages": "suits ages {}",
    "pieces": "has {}",
    "comfort": "is comfortable down to {}",
    "season": "is rated {}",
    "range": "reaches {}",
    "gears": "has {}",
    "skin": "suits {} skin",
    "hair": "suits {} hair",
    "nib": "has a {} nib",
    "ruling": "is {}",
    "year": "was first pressed in {}",
}
PROPER = {"author", "artist", "origin", "connection", "sow", "power", "battery", "comfort"}
MOST_PHRASES = 3
ONE_OF_A_KIND = re.compile(r"\b([Aa]|[Ee]very|[Tt]his) \{kind\}")
VOWEL = re.compile(r"\b([Aa]) (?=[aeioAEIO]|[Uu](?!s|ni|SB))")


def in_a_sentence(words: str) -> str:
    """Lower case, but for names such as USB and D-Lock."""
    return " ".join(
        word if sum(letter.isupper() for letter in word) > 1 else word.lower() for word in words.split()
    )


def openings(about: Sequence[str], kind: Kind) -> list[str]:
    """The opening sentences that read well for the kind: none says "a running shoes"."""
    return [text for text in about if not (kind.is_plural and ONE_OF_A_KIND.search(text))]


def specification(attributes: dict[str, str], kind: Kind, *, said: str) -> str:
    """One sentence of at most three attributes; those the text before has `said` are left out."""
    phrases = [
        PHRASES[name].format(value if name in PROPER else in_a_sentence(value))
        for name, value in attributes.items()
        if name in PHRASES and value not in said
    ][:MOST_PHRASES]
    if not phrases:
        return ""
    listed = phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"
    if kind.is_plural:
        listed = _plural(listed)
    return f"{'These' if kind.is_plural else 'This one'} {listed}."


def with_articles(text: str) -> str:
    """ "A espresso cup" -> "An espresso cup"."""
    return VOWEL.sub(r"\1n ", text)


def _plural(verbs: str) -> str:
    swaps = {
        "is": "are", "comes": "come", "holds": "hold", "has": "have", "was": "were", "runs": "run",
        "suits": "suit", "lasts": "last", "connects": "connect", "delivers": "deliver", "takes": "take",
        "likes": "like", "stands": "stand", "reaches": "reach",
    }  # fmt: skip
    first = re.compile(r"(^|, | and )(" + "|".join(swaps) + r")\b")
    return first.sub(lambda match: match[1] + swaps[match[2]], verbs)
