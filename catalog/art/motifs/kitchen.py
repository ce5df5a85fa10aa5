"""Kitchen, table, coffee and tea."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned, sprig
from catalog.art.shapes import circle, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n


def steam(p: Palette, x: float, y: float) -> str:
    """Two curls of steam rising from a point."""
    curl = "q-10 -14 0 -28t0 -28"
    return line(f"M{n(x - 14)} {n(y)}{curl}", p.paper, 5, more='opacity=".8"') + line(
        f"M{n(x + 14)} {n(y - 8)}{curl}", p.paper, 5, more='opacity=".8"'
    )


def mug(p: Palette, c: Choice) -> str:
    width, height = c.between(130, 165), c.between(120, 160)
    x, y, r = 190 - width / 2, 320 - height, c.pick((10.0, 26.0, 48.0))
    body = path(
        f"M{n(x)} {n(y)}h{n(width)}v{n(height - r)}a{n(r)} {n(r)} 0 0 1 {n(-r)} {n(r)}h{n(2 * r - width)}"
        f"a{n(r)} {n(r)} 0 0 1 {n(-r)} {n(-r)}z",
        p.main,
    )
    handle = ring(190 + width / 2 + 2, y + height * 0.45, height * c.between(0.24, 0.3), p.dark, 17)
    names = ("plain", "stripes", "dip", "dots", "bands", "speckles", "waves")
    return (
        shadow(p, width + 70) + handle + patterned(body, (x, y, width, height), p, c, names=names)
        + ellipse(190, y, width / 2, 13, p.light) + ellipse(190, y + 2, width / 2 - 9, 8, p.wood_dark)
        + (steam(p, 190, y - 24) if c.chance(0.7) else "")
    )  # fmt: skip


def bowl(p: Palette, c: Choice) -> str:
    half, depth = c.between(98, 120), c.between(88, 112)
    y = 312 - depth
    body = path(
        f"M{n(200 - half)} {n(y)}h{n(2 * half)}q0 {n(depth)} {n(-half * 0.7)} {n(depth)}h{n(-half * 0.6)}"
        f"q{n(-half * 0.7)} 0 {n(-half * 0.7)} {n(-depth)}z",
        p.main,
    )
    fill = c.pick(("fruit", "plain", "plain"))
    fruit = "".join(
        circle(x, y - lift, r, colour)
        for x, lift, r, colour in (
            (158, 12, 32, p.accent), (208, 26, 36, p.accent_dark), (250, 8, 29, p.leaf),
        )
    ) + line(f"M208 {n(y - 60)}q4 -14 16 -18", p.wood_dark, 5)  # fmt: skip
    names = ("bands", "plain", "dots", "waves", "speckles", "dip", "zigzag")
    return (
        shadow(p, 170) + (fruit if fill == "fruit" else ellipse(200, y, half, 15, p.dark))
        + rect(160, 302, 80, 20, p.dark, r=6)
        + patterned(body, (200 - half, y, 2 * half, depth), p, c, names=names)
    )  # fmt: skip


def plate(p: Palette, c: Choice) -> str:
    r = c.between(112, 126)
    rim = "".join(
        f'<circle cx="200" cy="{n(200 - r + 13)}" r="4.5" fill="{p.accent}" transform="rotate({n(turn)} 200 200)"/>'
        for turn in range(0, 360, c.pick((15, 20, 30)))
    )
    middle = c.pick((sprig(200, 252, 98, p, c), "", ring(200, 200, r * 0.4, p.light, 5)))
    fork = line("M62 130v44q0 20 -9 20q-9 0 -9 -20v-44M53 130v150", p.metal_dark, 7)
    knife = path("M338 126q26 30 18 84h-12v74h-10V130z", p.metal_dark)
    return (
        ellipse(200, 212, r + 6, r, p.ink, more='opacity=".12"') + circle(200, 200, r, p.main)
        + circle(200, 200, r * 0.66, p.light) + circle(200, 200, r * 0.63, p.main)
        + (rim if c.chance(0.6) else ring(200, 200, r - 9, p.dark, 4)) + middle + fork + knife
    )  # fmt: skip


def pan(p: Palette, c: Choice) -> str:
    r = c.between(92, 104)
    inside = c.pick(("egg", "plain", "herbs"))
    egg = (
        path("M150 190q-8 -50 44 -48q52 -8 54 44q10 50 -44 46q-52 6 -54 -42z", p.paper)
        + circle(198, 186, 21, p.warm)
    )  # fmt: skip
    content = {"egg": egg, "plain": ring(200, 190, r * 0.55, p.ink, 2), "herbs": sprig(200, 236, 84, p, c)}
    handle = rect(190, 180 + r, 20, 112, p.wood, r=10) + rect(188, 176 + r, 24, 34, p.metal_dark, r=5)
    return group(
        ellipse(208, 202, r + 4, r + 4, p.ink, more='opacity=".13"'), handle,
        circle(200, 190, r, p.main), circle(200, 190, r - 13, p.ink), circle(200, 190, r - 17, p.dark),
        content[inside], turn=c.between(-52, -28),
    )  # fmt: skip


def pot(p: Palette, c: Choice) -> str:
    width, height = c.between(170, 196), c.between(96, 128)
    x, y = 200 - width / 2, 318 - height
    body = rect(x, y, width, height, p.main, r=c.pick((16, 34)))
    lid = path(f"M{n(x - 4)} {n(y)}q{n(width / 2 + 4)} -74 {n(width + 8)} 0z", p.dark)
    ears = rect(x - 26, y + 18, 40, 16, p.dark, r=8) + rect(x + width - 14, y + 18, 40, 16, p.dark, r=8)
    names = ("plain", "plain", "bands", "dip")
    return (
        shadow(p, width + 40) + ears + patterned(body, (x, y, width, height), p, c, names=names) + lid
        + rect(x - 8, y - 5, width + 16, 12, p.light, r=6) + circle(200, y - 45, 13, p.metal)
        + steam(p, 200, y - 72)
    )  # fmt: skip


def knife(p: Palette, c: Choice) -> str:
    long = c.between(150, 176)
    blade = path(f"M{n(214 - long)} 192h{n(long)}v46h-{n(long * 0.45)}q-{n(long * 0.45)} 0 -{n(long * 0.55)} -46z", p.metal)
    edge = path(f"M{n(214 - long)} 192q{n(long * 0.1)} 46 {n(long * 0.55)} 46h{n(long * 0.45)}v-11h-{n(long * 0.4)}q-{n(long * 0.4)} 0 -{n(long * 0.6)} -35z", p.paper)
    handle = rect(222, 190, 112, 30, p.main, r=13) + "".join(circle(x, 205, 4, p.light) for x in (246, 276, 306))
    return group(
        rect(40, 236, 300, 10, p.ink, r=5, more='opacity=".1"'), blade, edge,
        rect(210, 188, 16, 36, p.metal_dark, r=3), handle, turn=c.between(-42, -24),
    )  # fmt: skip


def board(p: Palette, c: Choice) -> str:
    grain = "".join(line(f"M{x} 110q14 70 0 190", p.wood_dark, 3, more='opacity=".45"') for x in (150, 182, 216, 246))
    slices = "".join(
        circle(x, y, 24, p.warm) + ring(x, y, 15, p.paper, 4)
        for x, y in ((172, 238), (216, 252), (200, 200))
    )  # fmt: skip
    return group(
        rect(118, 100, 172, 224, p.ink, r=26, more='opacity=".13"'), rect(184, 44, 32, 80, p.wood, r=16),
        rect(112, 92, 176, 224, p.wood, r=c.pick((16, 40))), grain, circle(200, 64, 8, p.ground2),
        slices if c.chance(0.6) else sprig(200, 280, 110, p, c), turn=c.between(-12, 14),
    )  # fmt: skip


def cake(p: Palette, c: Choice) -> str:
    layers = c.whole(2, 3)
    tiers = "".join(
        rect(128 + n_ * 14, 262 - 46 * n_, 144 - 28 * n_, 46, (p.main, p.light, p.dark)[n_], r=10)
        + path(
            f"M{n(128 + n_ * 14)} {n(270 - 46 * n_)}h{n(144 - 28 * n_)}"
            + "q-9 22 -18 0" * int((144 - 28 * n_) / 18) + "z",
            p.paper,
        )
        for n_ in range(layers)
    )  # fmt: skip
    top = 262 - 46 * (layers - 1)
    stand = rect(92, 306, 216, 12, p.metal, r=6) + path("M176 318h48l14 18h-76z", p.metal_dark)
    return shadow(p, 150, 338) + stand + tiers + circle(200, top - 13, 15, p.accent) + line(f"M200 {top - 26}q6 -14 18 -16", p.leaf_dark, 4)


def whisk(p: Palette, c: Choice) -> str:
    wires = "".join(line(f"M200 214C{n(200 - w)} 180 {n(200 - w)} 70 200 66C{n(200 + w)} 70 {n(200 + w)} 180 200 214", p.metal_dark, 5) for w in (78, 46, 14))
    return group(wires, rect(186, 206, 28, 118, p.main, r=14), rect(184, 204, 32, 20, p.dark, r=6), ring(200, 316, 8, p.light, 4), turn=c.between(16, 40))


def rolling_pin(p: Palette, c: Choice) -> str:
    names = ("plain", "bands", "stripes", "checks")
    roll = rect(96, 168, 208, 64, p.wood, r=20)
    return group(
        rect(60, 236, 290, 12, p.ink, r=6, more='opacity=".1"'), rect(40, 186, 70, 28, p.main, r=14), rect(290, 186, 70, 28, p.main, r=14),
        patterned(roll, (96, 168, 208, 64), p, c, names=names), turn=c.between(-38, -18),
    )  # fmt: skip


def glass(p: Palette, c: Choice) -> str:
    level = c.between(170, 215)
    drink = path(f"M{n(136 + (level - 110) * 0.1)} {n(level)}H{n(264 - (level - 110) * 0.1)}L248 306q-2 8 -10 8h-76q-8 0 -10 -8z", p.main, more='opacity=".85"')
    slice_ = circle(252, 112, 34, p.warm) + ring(252, 112, 25, p.paper, 4) if c.chance(0.6) else ""
    return (
        shadow(p, 130) + line("M224 196L262 66l26 -8", p.accent_dark, 8) + slice_
        + path("M132 106h136l-18 204q-1 10 -11 10h-78q-10 0 -11 -10z", p.paper, more='opacity=".55"') + drink
        + path("M152 124l12 168", "none", more=f'stroke="{p.paper}" stroke-width="7" stroke-linecap="round" opacity=".8"')
    )  # fmt: skip


def jug(p: Palette, c: Choice) -> str:
    names = ("plain", "bands", "dots", "waves", "dip", "stripes")
    body = path("M146 108h100l20 -10q-4 32 -22 52q22 40 22 86q0 84 -68 84t-68 -84q0 -58 28 -92z", p.main)
    handle = line("M150 132q-60 4 -58 64t44 70", p.dark, 15)
    return shadow(p, 150) + handle + patterned(body, (128, 98, 140, 224), p, c, names=names) + ellipse(198, 108, 50, 9, p.dark)


def kettle(p: Palette, c: Choice) -> str:
    body = path("M120 306q-6 -118 80 -118t80 118q0 14 -14 14H134q-14 0 -14 -14z", p.main)
    spout = c.pick((
        line("M276 290q40 -10 42 -70q2 -38 24 -44", p.dark, 15),
        path("M258 226l62 -44l14 18l-54 78z", p.dark),
    ))  # fmt: skip
    names = ("plain", "bands", "dots", "plain", "dip")
    return (
        shadow(p, 190) + spout + line("M134 206q-8 -104 66 -104t66 104", p.wood, 16)
        + patterned(body, (118, 186, 164, 136), p, c, names=names) + ellipse(200, 192, 44, 12, p.dark)
        + circle(200, 174, 13, p.wood_dark) + steam(p, 330, 150)
    )  # fmt: skip


def teapot(p: Palette, c: Choice) -> str:
    names = ("plain", "dots", "bands", "stripes", "waves", "speckles")
    body = ellipse(196, 246, 88, 74, p.main)
    return (
        shadow(p, 180) + ring(112, 238, 40, p.dark, 15) + path("M262 252q36 -8 44 -54q4 -18 26 -18q-14 18 -14 46q-6 56 -58 70z", p.dark)
        + patterned(body, (108, 170, 176, 150), p, c, names=names) + path("M140 190q56 -46 112 0z", p.light)
        + circle(196, 156, 13, p.accent) + rect(156, 308, 80, 12, p.dark, r=6)
    )  # fmt: skip


def press(p: Palette, c: Choice) -> str:
    level = c.between(196, 226)
    return (
        shadow(p, 140) + ring(272, 226, 42, p.main, 14) + rect(196, 78, 8, 70, p.metal_dark) + circle(200, 76, 14, p.main)
        + rect(140, 146, 120, 172, p.paper, r=8, more='opacity=".6"') + rect(146, level, 108, 306 - level, p.wood_dark, r=4)
        + rect(146, level - 10, 108, 8, p.metal_dark, r=3) + rect(132, 132, 136, 20, p.main, r=9)
        + rect(136, 180, 128, 10, p.metal) + rect(132, 302, 136, 18, p.main, r=6) + rect(158, 168, 9, 120, p.paper, r=4, more='opacity=".6"')
    )  # fmt: skip


def dripper(p: Palette, c: Choice) -> str:
    return (
        shadow(p, 140) + path("M122 112h156l-52 82h-52z", p.main) + line("M152 124l24 54M200 124v54M248 124l-24 54", p.light, 5)
        + rect(134, 190, 132, 12, p.dark, r=6) + circle(200, 216, 5, p.wood_dark) + path("M152 206h96l22 88q4 26 -22 26h-96q-26 0 -22 -26z", p.paper, more='opacity=".65"')
        + path("M138 262h124l8 32q4 26 -22 26h-96q-26 0 -22 -26z", p.wood_dark) + line("M262 226q44 -2 38 34t-32 30", p.accent, 11) + steam(p, 200, 90)
    )  # fmt: skip


def moka(p: Palette, c: Choice) -> str:
    return (
        shadow(p, 140) + line("M240 146h50v72", p.ink, 15) + path("M156 128h88l14 92H142z", p.main) + path("M244 128l28 -14l-18 42z", p.dark)
        + path("M142 232h116l18 80q2 8 -8 8H132q-10 0 -8 -8z", p.main) + path("M172 128l-6 92h-24l14 -92zM166 232l-8 88h-26q-10 0 -8 -8l18 -80z", p.light)
        + rect(138, 218, 124, 16, p.metal_dark, r=5) + path("M150 128q50 -44 100 0z", p.dark) + circle(200, 100, 11, p.ink) + steam(p, 288, 96)
    )  # fmt: skip


def grinder(p: Palette, c: Choice) -> str:
    beans = "".join(ellipse(x, y, 11, 8, p.wood_dark, more=f'transform="rotate({turn} {x} {y})"') for x, y, turn in ((172, 148, 20), (200, 140, -30), (226, 150, 40)))
    return (
        shadow(p, 150) + beans + line("M200 106V86h74", p.metal_dark, 10) + circle(278, 84, 16, p.wood) + path("M146 152h108l-14 46h-80z", p.metal)
        + rect(140, 196, 120, 122, p.main, r=12) + rect(158, 250, 84, 46, p.dark, r=6) + circle(200, 273, 8, p.metal) + rect(132, 306, 136, 14, p.wood, r=6) + rect(190, 106, 20, 40, p.metal_dark, r=4)
    )  # fmt: skip


def pouch(p: Palette, c: Choice) -> str:
    """A bag of seeds, biscuits or sweets with a label."""
    emblem = c.pick((
        sprig(200, 272, 62, p, c),
        circle(200, 238, 26, p.accent) + circle(200, 238, 11, p.paper),
        path("M200 204l12 24l27 4l-20 18l6 27l-25 -14l-25 14l6 -27l-20 -18l27 -4z", p.accent),
    ))  # fmt: skip
    return _bag(p, c, emblem)


def coffee(p: Palette, c: Choice) -> str:
    """A bag of coffee."""
    return _bag(p, c, ellipse(200, 238, 22, 32, p.wood_dark) + line("M200 210q-12 28 0 56", p.paper, 5))


def _bag(p: Palette, c: Choice, emblem: str) -> str:
    names = ("plain", "stripes", "waves", "dots", "zigzag", "bands", "dip")
    bag = path("M130 96h140l10 214q0 10 -10 10H130q-10 0 -10 -10z", p.main)
    return (
        shadow(p, 180) + patterned(bag, (118, 96, 164, 226), p, c, names=names) + rect(126, 84, 148, 24, p.dark, r=4)
        + rect(126, 110, 148, 5, p.light) + rect(146, 176, 108, 116, p.paper, r=c.pick((4, 54))) + emblem
    )  # fmt: skip


def tin(p: Palette, c: Choice) -> str:
    names = ("stripes", "dots", "waves", "zigzag", "bands", "checks", "plain")
    body = rect(132, 140, 136, 180, p.main, r=8)
    label = rect(156, 190, 88, 84, p.paper, r=c.pick((4, 42)))
    return (
        shadow(p, 160) + patterned(body, (132, 140, 136, 180), p, c, names=names) + label + sprig(200, 268, 60, p, c)
        + rect(126, 112, 148, 34, p.dark, r=8) + rect(150, 98, 100, 18, p.dark, r=6) + rect(126, 138, 148, 6, p.light)
    )  # fmt: skip
