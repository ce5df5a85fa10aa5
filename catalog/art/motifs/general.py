"""What any shop may sell: for titles of an imported catalogue."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned
from catalog.art.shapes import circle, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n


def bag(p: Palette, c: Choice) -> str:
    names = ("stripes", "dots", "checks", "waves", "zigzag", "bands", "dip", "plain")
    body = path("M112 152h176l14 158q0 12 -12 12H110q-12 0 -12 -12z", p.main)
    return shadow(p, 220, 328) + line("M156 196v-62q0 -56 44 -56t44 56v62", p.wood, 12) + patterned(body, (98, 152, 204, 170), p, c, names=names) + circle(156, 192, 7, p.ink) + circle(244, 192, 7, p.ink)


def box(p: Palette, c: Choice) -> str:
    names = ("stripes", "dots", "checks", "waves", "plain", "bands")
    front = path("M92 196h216v112q0 12 -12 12H104q-12 0 -12 -12z", p.main)
    return shadow(p, 240, 326) + path("M82 196l34 -70h168l34 70z", p.dark) + patterned(front, (92, 196, 216, 124), p, c, names=names) + rect(82, 184, 236, 24, p.light, r=6) + rect(168, 236, 64, 40, p.paper, r=5) + rect(182, 252, 36, 6, p.ink, r=2)


def heart(p: Palette, c: Choice) -> str:
    shape = path("M200 310l-96 -102a58 58 0 0 1 96 -64a58 58 0 0 1 96 64z", p.main)
    names = ("plain", "dots", "stripes", "checks", "waves", "zigzag", "bands")
    return line("M200 140V28", p.wood_dark, 5) + ring(200, 34, 9, p.wood_dark, 4) + group(patterned(shape, (96, 110, 208, 204), p, c, names=names), line("M132 196a38 38 0 0 1 26 -40", p.light, 9), turn=c.between(-8, 8), at=(200, 60))


def star(p: Palette, c: Choice) -> str:
    shape = path("M200 74l40 84l92 12l-68 64l18 92l-82 -46l-82 46l18 -92l-68 -64l92 -12z", p.main)
    return group(patterned(shape, (66, 74, 268, 252), p, c, names=("plain", "dots", "stripes", "bands", "checks")), turn=c.between(-12, 12)) + "".join(circle(c.between(40, 360), c.between(40, 360), 5, p.accent) for _ in range(7))


def sign(p: Palette, c: Choice) -> str:
    plank = rect(70, 150, 260, 132, p.main, r=c.pick((8, 40)))
    words = rect(112, 188, 176, 13, p.paper, r=6) + rect(134, 216, 132, 11, p.paper, r=5) + rect(158, 242, 84, 9, p.paper, r=4)
    return circle(200, 66, 8, p.ink) + line("M110 152L200 66L290 152", p.wood_dark, 5) + rect(78, 164, 260, 132, p.ink, r=10, more='opacity=".12"') + plank + f'<rect x="82" y="162" width="236" height="108" rx="6" fill="none" stroke="{p.light}" stroke-width="4"/>' + words


def bunting(p: Palette, c: Choice) -> str:
    flags = []
    for row, y in enumerate((96, 214)):
        flags.append(line(f"M30 {y}Q200 {y + 70} 370 {y}", p.wood_dark, 5))
        for k in range(5):
            x = 62 + 69 * k
            top = y + 60 * (1 - ((x - 200) / 170) ** 2) * 0.58
            flags.append(path(f"M{n(x - 28)} {n(top)}h56l-28 68z", (p.main, p.accent, p.light, p.accent_dark, p.dark)[(k + 2 * row) % 5]))
    return "".join(flags)


def umbrella(p: Palette, c: Choice) -> str:
    canopy = path("M64 204q10 -124 136 -126q126 2 136 126q-22 -26 -45 0q-22 -26 -46 0q-22 -26 -45 0q-22 -26 -45 0q-24 -26 -46 0q-22 -26 -45 0z", p.main)
    return group(line("M200 78V64M200 190v104q0 26 24 26t24 -26", p.wood_dark, 9), patterned(canopy, (64, 78, 272, 128), p, c, names=("plain", "stripes", "dots", "bands", "checks")), path("M155 204q6 -94 45 -126q39 32 45 126q-22 -26 -45 0q-22 -26 -45 0z", p.light, more='opacity=".55"'), turn=c.between(-14, 14))


def shirt(p: Palette, c: Choice) -> str:
    body = path("M150 92q50 40 100 0l70 40l-28 58l-30 -14v138q0 10 -10 10H148q-10 0 -10 -10V176l-30 14l-28 -58z", p.main)
    return patterned(body, (80, 92, 240, 234), p, c, names=("plain", "stripes", "bands", "dots", "checks", "waves")) + line("M150 92q50 40 100 0", p.dark, 9) + (circle(200, 210, 30, p.accent) if c.chance(0.5) else "")


def ornament(p: Palette, c: Choice) -> str:
    ball_ = circle(200, 222, 98, p.main)
    return line("M200 0V96", p.wood_dark, 4) + ring(200, 100, 13, p.metal_dark, 5) + rect(178, 108, 44, 26, p.metal, r=5) + patterned(ball_, (102, 124, 196, 196), p, c, names=("bands", "zigzag", "dots", "stripes", "waves")) + ellipse(162, 178, 21, 13, p.paper, more='opacity=".45" transform="rotate(-38 162 178)"')


def key(p: Palette, c: Choice) -> str:
    return group(ring(200, 122, 47, p.main, 21), rect(189, 166, 22, 156, p.main, r=6), rect(208, 262, 36, 17, p.main, r=4), rect(208, 292, 26, 17, p.main, r=4), rect(186, 164, 28, 16, p.dark, r=4), circle(200, 66, 9, p.accent), turn=c.between(22, 46))


def film(p: Palette, c: Choice) -> str:
    """A clapperboard: for a catalogue of films."""
    stripes = "".join(path(f"M{n(92 + 50 * k)} 0h26l-20 42h-26z", p.paper) for k in range(-1, 6))
    arm = f'<g transform="translate(0 96)">{rect(84, 0, 232, 42, p.ink, r=4)}<clipPath id="c">{rect(84, 0, 232, 42, p.ink, r=4)}</clipPath>{group(stripes, clip="c")}</g>'
    slate = rect(84, 146, 232, 168, p.main, r=8) + line("M104 200h192M104 252h192M168 200v52M234 200v52", p.light, 4) + circle(200, 283, 14, p.accent)
    return shadow(p, 240, 322) + group(arm, turn=c.between(-16, -7), at=(90, 138)) + slate


def necklace(p: Palette, c: Choice) -> str:
    beads = "".join(circle(200 + 112 * x, 110 + 150 * y, c.between(9, 15), c.pick((p.main, p.accent, p.dark, p.light))) for x, y in ((-1, 0), (-0.93, 0.28), (-0.78, 0.54), (-0.55, 0.77), (-0.28, 0.92), (0.28, 0.92), (0.55, 0.77), (0.78, 0.54), (0.93, 0.28), (1, 0)))
    return line("M88 110Q88 260 200 264Q312 260 312 110", p.metal_dark, 3) + beads + path("M200 256q34 40 0 70q-34 -30 0 -70z", p.accent_dark)
