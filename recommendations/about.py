"""The figures of the live model as a picture, for the page that says how recommendations are made."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from recommendations.model_facts import Contender, Figure, ModelFacts

# In units of the picture; it is scaled to the width of the page.
WIDTH, BAR, STEP, TOP = 400, 20, 46, 4
ROOM_FOR_WORDS = 64


@dataclass(frozen=True)
class Link:
    """A page of the account where a shopper is in charge."""

    url: str
    words: str
    note: str


# Name of the page, and what is said of it.
ACCOUNT_PAGES = (
    ("feedback:dismissed", "See what you turned down", "Any of it can come back."),
    ("feedback:privacy", "Switch personal lists off, download your data, or delete it", "Each at once."),
)


@dataclass(frozen=True)
class Measure:
    """One measure of the model and of those beside it: its picture, and the table behind it."""

    words: str
    name: str
    rows: tuple[tuple[str, Figure, bool], ...]

    @property
    def picture(self) -> SafeString:
        """A bar per method from zero, with the interval that the figure is in with 95 % certainty."""
        longest = max(max(figure.value, figure.high or 0.0) for _, figure, _ in self.rows) or 1.0
        scale = (WIDTH - ROOM_FOR_WORDS) / longest
        bars = format_html_join(
            "", "{}", ((_bar(place, *row, scale=scale),) for place, row in enumerate(self.rows))
        )
        return format_html(
            '<svg class="figures-picture" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
            WIDTH, TOP + STEP * len(self.rows), self.in_words, bars,
        )  # fmt: skip

    @property
    def in_words(self) -> str:
        """What the picture shows, for those who do not see it."""
        said = ", ".join(f"{title} {percentage(figure.value)}" for title, figure, _ in self.rows)
        return f"{self.words.capitalize()}: {said}."


def measures(facts: ModelFacts | None) -> list[Measure]:
    """One of each measure that the live model has."""
    own = next((each for each in facts.contenders if each.is_own), None) if facts else None
    if facts is None or own is None:
        return []
    return [
        Measure(figure.words, figure.name, tuple(_rows(facts.contenders, figure.name)))
        for figure in own.figures
    ]


def account_links() -> list[Link]:
    """Where a shopper sees, changes, downloads and deletes what is known of them."""
    return [Link(reverse(name), words, note) for name, words, note in ACCOUNT_PAGES]


def percentage(share: float | None) -> str:
    """A share of 1 in percent with one decimal, a dash where it is not known."""
    return "–" if share is None else f"{100 * share:.1f} %"


def _rows(contenders: tuple[Contender, ...], name: str) -> list[tuple[str, Figure, bool]]:
    found = (
        (each.title, next((figure for figure in each.figures if figure.name == name), None), each.is_own)
        for each in contenders
    )
    return [(title, figure, is_own) for title, figure, is_own in found if figure is not None]


def _bar(place: int, title: str, figure: Figure, is_own: bool, *, scale: float) -> SafeString:
    top = TOP + STEP * place
    length = max(2.0, figure.value * scale)
    end = max(length, (figure.high or 0.0) * scale)
    interval: SafeString | str = ""
    if figure.low is not None and figure.high is not None:
        interval = format_html(
            '<path class="interval" d="M{} {}H{}M{} {}v8M{} {}v8"/>',
            *(round(each, 1) for each in (
                figure.low * scale, top + 29, figure.high * scale,
                figure.low * scale, top + 25, figure.high * scale, top + 25,
            )),
        )  # fmt: skip
    return format_html(
        '<text class="name" x="0" y="{}">{}</text>'
        '<rect class="{}" x="0" y="{}" width="{}" height="{}" rx="4"/>{}'
        '<text class="value" x="{}" y="{}">{}</text>',
        top + 13, title, "own" if is_own else "other", top + 19, round(length, 1), BAR,
        interval, round(end + 8, 1), top + 34, percentage(figure.value),
    )  # fmt: skip
