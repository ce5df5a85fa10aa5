"""How a product's ratings spread over the stars, as a picture and the table behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from feedback.models import MAX_RATING, MIN_RATING, Rating

# In units of the picture.
WIDTH, STEP, BAR, LEFT, RIGHT = 300, 26, 12, 26, 44


@dataclass(frozen=True)
class Spread:
    """counts: ratings by stars, every number of stars named."""

    counts: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def rows(self) -> list[tuple[int, int, float]]:
        """(stars, ratings, share of all), the most stars first."""
        total = self.total or 1
        return [
            (stars, self.counts[stars], self.counts[stars] / total)
            for stars in sorted(self.counts, reverse=True)
        ]

    @property
    def in_words(self) -> str:
        said = ", ".join(f"{count} with {stars}" for stars, count, _ in self.rows)
        return f"{self.total} ratings by stars: {said}."

    @property
    def picture(self) -> SafeString:
        """A bar per number of stars, on a track as long as all ratings together."""
        length = WIDTH - LEFT - RIGHT
        bars = format_html_join(
            "",
            '<text class="stars-count" x="{}" y="{}">{}</text>'
            '<rect class="track" x="{}" y="{}" width="{}" height="{}" rx="6"/>'
            '<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="6"/>'
            '<text class="share" x="{}" y="{}">{}</text>',
            (
                (12, STEP * place + 18, stars, LEFT, STEP * place + 8, length, BAR,
                 LEFT, STEP * place + 8, round(length * share, 1), BAR,
                 WIDTH, STEP * place + 18, f"{round(100 * share)} %")
                for place, (stars, _, share) in enumerate(self.rows)
            ),
        )  # fmt: skip
        return format_html(
            '<svg class="spread-picture" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
            WIDTH, STEP * len(self.counts) + 4, self.in_words, bars,
        )  # fmt: skip


def spread_of(product_id: int) -> Spread:
    """How often each number of stars was given. One query."""
    rows = Rating.objects.filter(product_id=product_id).order_by().values("value").annotate(times=Count("pk"))
    counted = {row["value"]: row["times"] for row in rows}
    return Spread({stars: counted.get(stars, 0) for stars in range(MIN_RATING, MAX_RATING + 1)})
