"""For a product whose words say nothing of its looks: a composition of plain shapes and its initials."""

from __future__ import annotations

from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.shapes import circle, group, number, path, rect, ring, text

SMALL_WORDS = {"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"}


def composition(p: Palette, c: Choice, title: str) -> str:
    """Geometry behind a paper disc or plate with one or two initials."""
    shapes = c.pick((_quarters, _hills, _bars, _moons, _steps, _orbit))(p, c)
    words = initials(title)
    if not words:
        return shapes
    square = c.pick((4, 22))
    plate = circle(200, 200, 66, p.paper) if c.chance(0.4) else rect(136, 136, 128, 128, p.paper, r=square)
    size = 68 if len(words) == 1 else 56
    return shapes + plate + text(200, 200, words, size, p.ink, more='dy=".35em" font-weight="700"')


def initials(title: str) -> str:
    """The first letters of the first two words that carry meaning, in capitals: "The Red Violin" gives RV."""
    words = ["".join(letter for letter in word if letter.isalnum()) for word in title.split()]
    telling = [word for word in words if word and word.lower() not in SMALL_WORDS and not word.isdigit()]
    return "".join(word[0].upper()[:1] for word in (telling or [word for word in words if word])[:2])


def _quarters(p: Palette, c: Choice) -> str:
    parts = []
    for x, y in ((68, 68), (200, 68), (68, 200), (200, 200)):
        turn = c.pick((0, 90, 180, 270))
        colour = c.pick((p.main, p.dark, p.accent, p.light, p.accent_dark))
        quarter = path(f"M{x} {y}h132a132 132 0 0 1 -132 132z", colour)
        parts.append(rect(x, y, 132, 132, p.ground2) + group(quarter, turn=turn, at=(x + 66, y + 66)))
    return "".join(parts)


def _hills(p: Palette, c: Choice) -> str:
    sun = circle(c.between(110, 290), c.between(84, 120), c.between(30, 50), p.accent)
    rows = "".join(
        path(
            f"M0 {number(y)}Q100 {number(y - c.between(20, 90))} 200 {number(y)}T400 {number(y)}V400H0z",
            colour,
        )
        for y, colour in ((220, p.light), (268, p.main), (320, p.dark))
    )
    return sun + rows


def _bars(p: Palette, c: Choice) -> str:
    colours = (p.main, p.accent, p.dark, p.light, p.accent_dark)
    bars = "".join(
        rect(62 + 40 * k, 340 - height, 36, height, colours[k % 5], r=18)
        for k, height in enumerate(c.between(70, 270) for _ in range(7))
    )
    return group(bars, turn=c.pick((0, 0, 90, 180)))


def _moons(p: Palette, c: Choice) -> str:
    colours = (p.main, p.accent, p.dark, p.light, p.accent_dark)
    return "".join(
        group(
            path(f"M{x - 52} {y}a52 52 0 0 1 104 0z", c.pick(colours)),
            turn=c.pick((0, 90, 180, 270)),
            at=(x, y),
        )
        for x in (92, 200, 308)
        for y in (92, 200, 308)
    )


def _steps(p: Palette, c: Choice) -> str:
    colours = (p.dark, p.main, p.light, p.accent)
    x, y = c.pick((64, 200)), c.pick((64, 200))
    return "".join(circle(x, y, r, colour) for r, colour in zip((250, 190, 130, 70), colours, strict=True))


def _orbit(p: Palette, c: Choice) -> str:
    rings = "".join(ring(200, 200, r, p.main, 9) for r in (96, 128, 160))
    dots = "".join(
        group(circle(200, 200 - r, size, colour), turn=c.between(0, 360))
        for r, size, colour in ((96, 14, p.accent), (128, 20, p.dark), (160, 26, p.accent_dark))
    )
    return rings + dots
