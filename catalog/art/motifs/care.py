"""Beauty, bathroom and stationery."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned, sprig
from catalog.art.shapes import circle, clip_path, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n


def _label(p: Palette, c: Choice, x: float, y: float, width: float, height: float) -> str:
    mark = c.pick((sprig(x + width / 2, y + height - 22, height * 0.5, p, c), circle(x + width / 2, y + height * 0.4, min(width, height) * 0.2, p.accent), ""))
    lines_ = rect(x + width * 0.2, y + height - 18, width * 0.6, 5, p.ink, r=2) + rect(x + width * 0.32, y + height - 9, width * 0.36, 3, p.ink, r=1)
    return rect(x, y, width, height, p.paper, r=c.pick((3, 10))) + mark + lines_


def pump_bottle(p: Palette, c: Choice) -> str:
    names = ("plain", "plain", "dip", "bands")
    body = c.pick((rect(138, 150, 124, 172, p.main, r=22), path("M150 150h100q16 22 16 50v100q0 22 -22 22h-88q-22 0 -22 -22V200q0 -28 16 -50z", p.main)))
    return shadow(p, 160, 326) + rect(194, 86, 12, 44, p.metal_dark) + path("M148 78q0 -14 16 -14h52q14 0 14 14v14h-66q-6 0 -6 12h-12z", p.ink) + rect(172, 122, 56, 32, p.ink, r=6) + patterned(body, (132, 150, 136, 174), p, c, names=names) + _label(p, c, 156, 194, 88, 94)


def jar(p: Palette, c: Choice) -> str:
    names = ("plain", "plain", "bands", "dip", "speckles")
    body = rect(104, 194, 192, 126, p.main, r=c.pick((20, 44)))
    open_ = c.chance(0.35)
    lid = ellipse(200, 194, 92, 20, p.paper) + path("M128 194q30 -44 72 -24t72 24z", p.paper) if open_ else rect(98, 146, 204, 56, p.dark, r=14) + rect(98, 158, 204, 8, p.light)
    return shadow(p, 210, 324) + lid + patterned(body, (104, 194, 192, 126), p, c, names=names) + _label(p, c, 142, 222, 116, 74)


def tube(p: Palette, c: Choice) -> str:
    names = ("plain", "dip", "bands", "stripes", "waves")
    body = path("M142 68h116l-12 206h-92z", p.main)
    return group(patterned(body, (142, 68, 116, 206), p, c, names=names), rect(136, 58, 128, 22, p.dark, r=4), rect(156, 272, 88, 56, p.paper, r=8), "".join(rect(x, 276, 4, 48, p.metal) for x in range(166, 240, 12)), _label(p, c, 164, 126, 72, 96), turn=c.between(-14, 14))


def dropper(p: Palette, c: Choice) -> str:
    body = path("M152 176h96q18 10 18 34v86q0 24 -24 24h-84q-24 0 -24 -24v-86q0 -24 18 -34z", p.main)
    return shadow(p, 160, 326) + path("M182 64q18 -18 36 0l4 62h-44z", p.accent) + rect(168, 122, 64, 36, p.ink, r=6) + rect(174, 156, 52, 24, p.dark) + body + rect(148, 196, 10, 86, p.light, r=5) + _label(p, c, 166, 212, 76, 84)


def lipstick(p: Palette, c: Choice) -> str:
    return group(shadow(p, 110, 326), path("M178 140V96q24 -34 44 -24v68z", p.accent), rect(170, 138, 60, 62, p.metal, r=4), rect(158, 194, 84, 126, p.main, r=8), rect(158, 206, 84, 9, p.light), turn=c.between(-12, 12))


def soap(p: Palette, c: Choice) -> str:
    bubbles = "".join(circle(c.between(90, 310), c.between(66, 150), c.between(8, 24), p.paper, more='opacity=".75"') for _ in range(6))
    bar = rect(98, 186, 204, 96, p.main, r=c.pick((20, 46)))
    names = ("plain", "waves", "speckles", "bands", "dip")
    return shadow(p, 230, 318) + bubbles + patterned(bar, (98, 186, 204, 96), p, c, names=names) + f'<rect x="122" y="206" width="156" height="56" rx="24" fill="none" stroke="{p.light}" stroke-width="6"/>' + rect(80, 280, 240, 18, p.wood, r=9) + rect(104, 296, 26, 18, p.wood_dark, r=4) + rect(270, 296, 26, 18, p.wood_dark, r=4)


def perfume(p: Palette, c: Choice) -> str:
    bottle = c.pick((rect(116, 166, 168, 154, p.light, r=16), circle(200, 236, 86, p.light), path("M150 166h100l44 138q2 16 -14 16H120q-16 0 -14 -16z", p.light)))
    level = c.between(206, 236)
    return shadow(p, 190, 324) + rect(168, 80, 64, 62, c.pick((p.wood, p.ink, p.metal_dark)), r=c.pick((8, 30))) + rect(178, 138, 44, 32, p.metal, r=4) + bottle + clip_path("o", bottle) + group(rect(90, level, 220, 130, p.main), rect(136, 170, 10, 140, p.paper, r=5, more='opacity=".55"'), clip="o") + rect(164, 226, 72, 50, p.paper, r=3) + rect(176, 244, 48, 5, p.ink) + rect(186, 256, 28, 4, p.ink)


def brush(p: Palette, c: Choice) -> str:
    if c.chance(0.4):
        teeth = "".join(rect(x, 196, 9, 108, p.wood, r=4) for x in range(104, 292, 15))
        return group(teeth, path("M96 204q0 -66 104 -66t104 66q0 12 -10 12H106q-10 0 -10 -12z", p.wood), circle(200, 176, 9, p.ground2), turn=c.between(-22, 22))
    pins = "".join(circle(x, y, 5, p.paper) for x in range(162, 246, 19) for y in range(92, 196, 19))
    return group(rect(138, 62, 124, 156, p.main, r=54), rect(152, 76, 96, 128, p.dark, r=40), pins, rect(182, 210, 36, 126, p.main, r=17), rect(192, 300, 16, 16, p.ground2, r=8), turn=c.between(20, 40))


def notebook(p: Palette, c: Choice) -> str:
    names = ("plain", "dots", "stripes", "checks", "waves", "zigzag", "dip", "bands", "speckles")
    cover = rect(116, 76, 168, 244, p.main, r=12)
    spiral = c.chance(0.35)
    extras = "".join(line(f"M104 {y}h26", p.metal_dark, 6) for y in range(100, 310, 22)) if spiral else rect(254, 76, 12, 244, p.accent)
    label = rect(146, 126, 92, 52, p.paper, r=4) + rect(160, 142, 64, 5, p.ink, r=2) + rect(160, 156, 42, 5, p.ink, r=2)
    return group(rect(126, 92, 168, 244, p.ink, r=12, more='opacity=".13"'), rect(122, 84, 168, 240, p.paper, r=10), patterned(cover, (116, 76, 168, 244), p, c, names=names), label if c.chance(0.6) else "", extras, turn=c.between(-10, 10))


def pencil(p: Palette, c: Choice) -> str:
    def one(x: float, colour: str, length: float) -> str:
        y = 300 - length
        return path(f"M{n(x)} {n(y)}l15 -40l15 40z", p.wood) + path(f"M{n(x + 10)} {n(y - 26)}l5 -14l5 14z", colour) + rect(x, y, 30, length, colour) + rect(x + 10, y, 10, length, p.paper, more='opacity=".3"') + rect(x, 292, 30, 16, p.metal) + rect(x, 306, 30, 20, p.accent, r=6)

    colours = (p.main, p.accent_dark, p.dark, p.leaf, p.light)
    count = c.whole(3, 5)
    start = 200 - count * 19
    return group(*(one(start + 38 * k, colours[k], c.between(140, 200)) for k in range(count)), turn=c.between(-16, 22))


def pen(p: Palette, c: Choice) -> str:
    squiggle = line("M84 316q30 -34 52 -4t50 -4t48 0", p.ink, 5)
    body = rect(182, 118, 36, 150, p.main, r=4)
    return squiggle + group(path("M186 266h28l-10 52h-8z", p.metal), path("M196 316l4 22l4 -22z", p.ink), rect(180, 254, 40, 16, p.metal_dark, r=4), patterned(body, (182, 118, 36, 150), p, c, names=("plain", "bands", "plain", "dip")), rect(180, 44, 40, 84, p.dark, r=14), rect(214, 62, 9, 84, p.metal, r=4), rect(180, 122, 40, 8, p.metal), turn=c.between(24, 46))


def ink_bottle(p: Palette, c: Choice) -> str:
    return shadow(p, 190, 324) + rect(156, 116, 88, 46, p.ink, r=8) + path("M150 160h100l46 52v90q0 18 -18 18H122q-18 0 -18 -18v-90z", p.main) + path("M150 160h30l-50 60v100h-8q-18 0 -18 -18v-90z", p.light, more='opacity=".6"') + rect(148, 220, 104, 70, p.paper, r=4) + path("M200 232q24 30 0 46q-24 -16 0 -46z", p.main)


def paints(p: Palette, c: Choice) -> str:
    wells = "".join(circle(x, y, 21, colour) for x, y, colour in ((134, 176, p.main), (178, 132, p.accent), (234, 130, p.accent_dark), (276, 172, p.leaf), (270, 226, p.light)))
    brush_ = group(rect(194, 30, 13, 156, p.main, r=6), rect(192, 182, 17, 34, p.metal), path("M192 214h17q4 26 -8 46q-14 -20 -9 -46z", p.ink), turn=c.between(30, 52), at=(200, 200))
    return ellipse(206, 218, 132, 104, p.ink, more='opacity=".12"') + path("M200 98q128 0 128 100q0 60 -56 56q-40 -4 -44 26q-4 36 -52 30q-104 -14 -104 -106q0 -106 128 -106z", p.wood) + circle(176, 252, 23, p.ground2) + wells + (brush_ if c.chance(0.6) else "")


def brushes(p: Palette, c: Choice) -> str:
    one = "".join(group(rect(194, 96, 12, 130, colour, r=5), rect(191, 78, 18, 28, p.metal), path("M190 80h20q4 -34 -10 -52q-14 18 -10 52z", p.wood_dark), turn=turn, at=(200, 260)) for turn, colour in ((-22, p.accent), (20, p.accent_dark), (0, p.dark)))
    cup = rect(140, 200, 120, 120, p.main, r=14)
    return shadow(p, 150) + one + patterned(cup, (140, 200, 120, 120), p, c, names=("stripes", "dots", "bands", "waves", "zigzag", "checks", "dip"))


def card(p: Palette, c: Choice) -> str:
    front = rect(122, 78, 160, 218, p.paper, r=6)
    picture = c.pick((
        sprig(202, 268, 150, p, c), path("M202 250l-54 -58a31 31 0 0 1 54 -32a31 31 0 0 1 54 32z", p.main), circle(202, 170, 46, p.main) + rect(158, 240, 88, 9, p.accent, r=4) + rect(176, 258, 52, 7, p.accent, r=3),
        "".join(circle(x, y, 17, colour) + line(f"M{x} {y + 17}L202 270", p.ink, 2) for x, y, colour in ((168, 140, p.main), (204, 118, p.accent), (238, 146, p.accent_dark))),
    ))  # fmt: skip
    envelope = rect(88, 208, 214, 122, p.accent, r=6) + path("M88 212l107 74l107 -74v-4H88z", p.accent_dark)
    return group(rect(96, 220, 216, 122, p.ink, r=6, more='opacity=".12"'), group(front, picture, turn=c.between(4, 12)), group(envelope, turn=c.between(-6, 0)) if c.chance(0.65) else "", turn=c.between(-6, 6))


def gift(p: Palette, c: Choice) -> str:
    names = ("dots", "stripes", "checks", "zigzag", "waves", "plain")
    box = rect(104, 178, 192, 142, p.main, r=6)
    return shadow(p, 220, 326) + patterned(box, (104, 178, 192, 142), p, c, names=names) + rect(182, 178, 36, 142, p.accent) + rect(92, 142, 216, 46, p.dark, r=6) + rect(180, 142, 40, 46, p.accent) + path("M200 142q-82 -10 -66 -54q36 -26 66 54zM200 142q82 -10 66 -54q-36 -26 -66 54z", p.accent) + circle(200, 138, 15, p.accent_dark)


def tag(p: Palette, c: Choice) -> str:
    one = path("M150 120l50 -40l50 40v180q0 10 -10 10h-80q-10 0 -10 -10z", p.main)
    return line("M200 118C150 30 280 10 244 96", p.wood_dark, 5) + group(patterned(one, (150, 80, 100, 230), p, c, names=("stripes", "dots", "bands", "checks", "plain")), circle(200, 118, 11, p.paper), rect(168, 196, 64, 70, p.paper, r=5), rect(180, 216, 40, 5, p.ink), rect(186, 232, 28, 5, p.ink), turn=c.between(-18, 18), at=(200, 110)) + ring(200, 118, 11, p.dark, 3)


def ribbon(p: Palette, c: Choice) -> str:
    return shadow(p, 170, 318) + path("M262 246q50 20 40 70l26 -12l10 22q20 -110 -60 -108z", p.accent) + circle(192, 204, 108, p.main) + "".join(ring(192, 204, r, p.light, 3) for r in (62, 76, 90)) + circle(192, 204, 48, p.paper) + circle(192, 204, 17, p.ground2)


def pencil_case(p: Palette, c: Choice) -> str:
    names = ("stripes", "dots", "checks", "waves", "zigzag", "plain", "dip")
    body = rect(74, 172, 252, 122, p.main, r=40)
    return group(ellipse(204, 304, 124, 11, p.ink, more='opacity=".12"'), rect(116, 110, 14, 90, p.accent), path("M116 110l7 -22l7 22z", p.wood), rect(142, 120, 14, 80, p.leaf), path("M142 120l7 -22l7 22z", p.wood), patterned(body, (74, 172, 252, 122), p, c, names=names), rect(88, 192, 220, 8, p.metal_dark, r=4), rect(288, 188, 34, 16, p.accent_dark, r=8), turn=c.between(-8, 8))
