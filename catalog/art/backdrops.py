"""What stands behind a product: a shape on a plain ground, and the shadow it stands on."""

from __future__ import annotations

from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.shapes import circle, ellipse, number, path, rect


def backdrop(p: Palette, choice: Choice) -> str:
    shapes = (_disc, _arch, _table, _hill, _blob, _corner, _window, _rays, _confetti, _halves)
    return rect(0, 0, 400, 400, p.ground) + choice.pick(shapes)(p, choice)


def shadow(p: Palette, width: float, y: float = 322, x: float = 200) -> str:
    return ellipse(x, y, width / 2, 9, p.ink, more='opacity=".13"')


def _disc(p: Palette, choice: Choice) -> str:
    return circle(
        200 + choice.between(-18, 18), 192 + choice.between(-12, 12), choice.between(138, 166), p.ground2
    )


def _arch(p: Palette, choice: Choice) -> str:
    half, top = choice.between(105, 140), choice.between(48, 80)
    left, round_ = number(200 - half), number(half)
    return path(
        f"M{left} 400V{number(top + half)}a{round_} {round_} 0 0 1 {number(2 * half)} 0V400z", p.ground2
    )


def _table(p: Palette, choice: Choice) -> str:
    return rect(0, choice.between(276, 300), 400, 130, p.ground2)


def _hill(p: Palette, choice: Choice) -> str:
    top = choice.between(232, 270)
    sun = circle(choice.pick((92, 305)), choice.between(84, 110), choice.between(30, 44), p.ground2)
    return sun + path(
        f"M0 {number(top + 30)}Q110 {number(top - 40)} 210 {number(top + 14)}T400 {number(top)}V400H0z",
        p.ground2,
    )


def _blob(p: Palette, choice: Choice) -> str:
    a, b, c, d = (choice.between(-24, 24) for _ in range(4))
    return path(
        f"M{number(70 + a)} 200C{number(60 + b)} 90 150 {number(50 + c)} 220 {number(58 + a)}"
        f"S{number(350 + d)} 120 {number(338 + b)} 210 280 {number(346 + c)} 196 {number(342 + d)} "
        f"{number(78 + a)} 300 {number(70 + a)} 200z",
        p.ground2,
    )


def _corner(p: Palette, choice: Choice) -> str:
    r = choice.between(230, 300)
    return circle(choice.pick((0, 400)), choice.pick((0, 400)), r, p.ground2)


def _window(p: Palette, choice: Choice) -> str:
    inset = choice.between(44, 62)
    return rect(inset, inset, 400 - 2 * inset, 400 - 2 * inset, p.ground2, r=choice.pick((8, 28, 60)))


def _rays(p: Palette, choice: Choice) -> str:
    count = choice.pick((10, 12, 14))
    wedge = f"M200 190L{number(200 - 620 / count)} -160H{number(200 + 620 / count)}z"
    return "".join(
        path(wedge, p.ground2, more=f'transform="rotate({number(360 / count * n)} 200 190)"')
        for n in range(count)
    )


def _confetti(p: Palette, choice: Choice) -> str:
    return "".join(
        circle(30 + 68 * column + (34 if row % 2 else 0), 30 + 60 * row, choice.between(3.5, 8), p.ground2)
        for row in range(7)
        for column in range(6)
    )


def _halves(p: Palette, choice: Choice) -> str:
    lean = choice.between(-70, 70)
    return path(f"M{number(200 + lean)} 0H400V400H{number(200 - lean)}z", p.ground2)
