"""An import's outcome as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.importers.run import Outcome

Line = tuple[str, str]


def as_table(outcome: Outcome, *, seconds: float) -> str:
    """Two columns: what, and how many."""
    lines = [*_lines(outcome), ("seconds", f"{seconds:.1f}")]
    wide = max(len(name) for name, _ in lines)
    right = max(len(number) for _, number in lines)
    return "\n".join(f"  {name:<{wide}}  {number:>{right}}" for name, number in lines)


def _lines(outcome: Outcome) -> Iterator[Line]:
    tally = outcome.tally
    yield "rows read", f"{sum(outcome.rows.values()):,}"
    if len(outcome.rows) > 1:
        yield from ((f"  {name}", f"{count:,}") for name, count in outcome.rows.items())
    for name, count in (
        ("products new", tally.products_new),
        ("products updated", tally.products_updated),
        ("categories new", tally.categories_new),
        ("shoppers new", tally.shoppers_new),
        ("ratings new", tally.ratings_new),
        ("ratings changed", tally.ratings_changed),
        ("events new", tally.events_new),
        ("ratings and events known already", tally.known),
        ("lines added to another of their order", tally.merged),
        ("rows rejected", sum(outcome.rejects.values())),
    ):
        yield name, f"{count:,}"
    for reason, count in sorted(outcome.rejects.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {reason}", f"{count:,}"
