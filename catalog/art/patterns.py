"""Patterns that cover a shape: stripes, dots, checks, waves, leaves."""

from __future__ import annotations

from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.shapes import circle, clip_path, group, line, number, path, rect

NAMES = ("plain", "stripes", "bands", "dots", "checks", "waves", "dip", "zigzag", "speckles")


def patterned(shape: str, box: tuple[float, float, float, float], p: Palette, choice: Choice, *,
              names: tuple[str, ...] = NAMES, name: str = "k") -> str:  # fmt: skip
    """The shape (an element filled with its own colour), with a pattern on it that stays inside it.

    box: x, y, width, height around the shape.
    """
    chosen = choice.pick(names)
    colour = choice.pick((p.light, p.dark, p.accent, p.paper))
    marks = _marks(chosen, box, colour, choice)
    return shape if not marks else shape + clip_path(name, shape) + group(marks, clip=name)


def _marks(name: str, box: tuple[float, float, float, float], colour: str, choice: Choice) -> str:
    x, y, width, height = box
    if name == "stripes":
        gap = choice.between(16, 34)
        thick = gap * choice.between(0.2, 0.55)
        return "".join(rect(x + step * gap, y, thick, height, colour) for step in range(int(width / gap) + 1))
    if name == "bands":
        at, thick = choice.between(0.2, 0.6), choice.between(8, 22)
        second = rect(x, y + height * at + thick * 1.6, width, thick * 0.35, colour)
        return rect(x, y + height * at, width, thick, colour) + second
    if name == "dip":
        return rect(x, y + height * choice.between(0.45, 0.7), width, height, colour)
    if name == "waves":
        return _waves(box, colour, choice.between(26, 36), curved=True)
    if name == "zigzag":
        return _waves(box, colour, choice.between(28, 40), curved=False)
    return _spots(name, box, colour, choice)


def _spots(name: str, box: tuple[float, float, float, float], colour: str, choice: Choice) -> str:
    x, y, width, height = box
    if name == "dots":
        gap = max(choice.between(26, 38), (width * height / 20) ** 0.5)
        r = gap * choice.between(0.14, 0.24)
        return "".join(
            circle(x + column * gap + (gap / 2 if row % 2 else 0), y + row * gap * 0.9, r, colour)
            for row in range(int(height / gap / 0.9) + 2)
            for column in range(int(width / gap) + 2)
        )
    if name == "checks":
        gap = choice.between(30, 46)
        both = [
            rect(x + n * gap, y, gap / 2, height, colour, more='opacity=".5"')
            for n in range(int(width / gap) + 1)
        ]
        both += [
            rect(x, y + n * gap, width, gap / 2, colour, more='opacity=".5"')
            for n in range(int(height / gap) + 1)
        ]
        return "".join(both)
    if name == "speckles":
        return "".join(
            circle(x + choice.share() * width, y + choice.share() * height, choice.between(1.4, 4.2), colour)
            for _ in range(22)
        )
    return ""


def _waves(box: tuple[float, float, float, float], colour: str, gap: float, *, curved: bool) -> str:
    """Rows of waves, or of zigzags; wider on a large shape."""
    x, y, width, height = box
    gap = max(gap, (width * height) ** 0.5 / 5)
    half = gap / 2
    rows = []
    for row in range(int(height / gap) + 1):
        top = y + row * gap + half / 2
        steps = int(width / half) + 1
        if not curved:
            turns = "".join(f"l{number(half)} {number(half if n % 2 else -half)}" for n in range(steps))
        else:
            wave = f"q{number(half / 2)} {number(-half)} {number(half)} 0"
            turns = wave + f"t{number(half)} 0" * steps
        rows.append(line(f"M{number(x)} {number(top)}{turns}", colour, 4))
    return "".join(rows)


def sprig(x: float, y: float, length: float, p: Palette, choice: Choice) -> str:
    """A stem with pairs of leaves, growing up from a point."""
    lean = choice.between(-0.22, 0.22) * length
    curve = f"q{number(lean * 0.2)} {number(-length * 0.6)} {number(lean)} {number(-length)}"
    parts = [line(f"M{number(x)} {number(y)}{curve}", p.leaf_dark, 4)]
    for step in range(1, 4):
        part = step / 3.4
        size = length * 0.2 * (1.25 - part * 0.4)
        at = (x + lean * part * part, y - length * part)
        parts += [_leaf(*at, -size, size, p.leaf_dark), _leaf(*at, size, size, p.leaf)]
    return "".join(parts)


def _leaf(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A leaf that starts at a point and reaches up and to one side (to the left for a negative width)."""
    out = f"q{number(width * 0.3)} {number(-height)} {number(width * 1.2)} {number(-height * 0.9)}"
    back = f"q{number(-width * 0.1)} {number(height * 0.9)} {number(-width * 1.2)} {number(height * 0.9)}"
    return path(f"M{number(x)} {number(y)}{out}{back}", colour)
