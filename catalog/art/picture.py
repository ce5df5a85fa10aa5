"""From a product's words to its picture."""

from __future__ import annotations

from html import escape

from catalog.art.abstract import composition
from catalog.art.backdrops import backdrop
from catalog.art.choice import Choice
from catalog.art.colour import palette_for
from catalog.art.words import motifs_for

# Part of the picture's ETag: goes up when the drawings change, so that browsers fetch them anew.
EDITION = 1
START = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'


def picture(*, sku: str, title: str, aisle: str = "", department: str = "") -> str:
    """A square SVG without scripts, styles or outside references; any text in it is escaped."""
    choice = Choice(f"{sku}\n{title}")
    palette = palette_for(title, choice)
    motifs = motifs_for(title, aisle, department)
    drawing = choice.pick(motifs)(palette, choice) if motifs else composition(palette, choice, title)
    return f"{START}<title>{escape(_printable(title))}</title>{backdrop(palette, choice)}{drawing}</svg>"


def _printable(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(letter for letter in text if letter.isprintable())
