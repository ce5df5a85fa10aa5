"""Plants, what they grow in, garden tools and animals."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned, sprig
from catalog.art.shapes import circle, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n

WATER = "#86c5da"


def _pot(p: Palette, c: Choice, top: float = 226) -> str:
    """A flower pot whose rim is at `top`."""
    names = ("plain", "bands", "zigzag", "dots", "dip", "waves", "stripes")
    shape = c.pick((
        path(f"M142 {n(top)}h116l-16 {n(312 - top)}q-2 8 -10 8h-64q-8 0 -10 -8z", p.main),
        rect(142, top, 116, 320 - top, p.main, r=14),
        path(f"M140 {n(top)}h120q8 {n(320 - top)} -34 {n(320 - top)}h-52q-42 0 -34 -{n(320 - top)}z", p.main),
    ))  # fmt: skip
    return patterned(shape, (136, top, 128, 322 - top), p, c, names=names) + rect(134, top - 10, 132, 24, p.dark, r=8)


def plant(p: Palette, c: Choice) -> str:
    leaves = c.pick((_broad, _sprigs, _round))
    return shadow(p, 150) + leaves(p, c) + _pot(p, c)


def cactus(p: Palette, c: Choice) -> str:
    return shadow(p, 150) + _cactus(p, c) + _pot(p, c)


def snake_plant(p: Palette, c: Choice) -> str:
    return shadow(p, 150) + _swords(p, c) + _pot(p, c)


def fern(p: Palette, c: Choice) -> str:
    return shadow(p, 150) + _sprigs(p, c) + _pot(p, c)


def monstera(p: Palette, c: Choice) -> str:
    return shadow(p, 150) + _broad(p, c) + _pot(p, c)


def tree(p: Palette, c: Choice) -> str:
    crown = "".join(circle(x, y, r, colour) for x, y, r, colour in ((200, 108, 58, p.leaf_dark), (158, 128, 40, p.leaf), (244, 128, 42, p.leaf), (204, 84, 36, p.leaf)))
    fruit = "".join(circle(c.between(150, 250), c.between(70, 150), 7, p.accent) for _ in range(6)) if c.chance(0.6) else ""
    return shadow(p, 150) + line("M200 228V140", p.wood_dark, 12) + crown + fruit + _pot(p, c)


def _broad(p: Palette, c: Choice) -> str:
    parts = []
    for turn, length, colour in ((-58, 92, p.leaf_dark), (54, 96, p.leaf_dark), (-24, 132, p.leaf), (26, 124, p.leaf), (0, 106, p.leaf_dark)):
        lean = turn + c.between(-6, 6)
        leaf = line(f"M200 226V{n(226 - length * 0.5)}", p.leaf_dark, 5) + path(f"M200 {n(230 - length * 0.45)}q-46 -20 -34 -{n(length * 0.62)}q10 -18 34 -26q24 8 34 26q12 {n(length * 0.4)} -34 {n(length * 0.62)}z", colour) + line(f"M200 {n(226 - length * 0.5)}v-{n(length * 0.5)}M200 {n(200 - length * 0.5)}l16 -14M200 {n(190 - length * 0.5)}l-16 -14", p.ground2, 3)
        parts.append(group(leaf, turn=lean, at=(200, 226)))
    return "".join(parts)


def _swords(p: Palette, c: Choice) -> str:
    parts = []
    for turn, length in ((-30, 112.0), (30, 118), (-14, 150), (15, 142), (0, 172)):
        length *= c.between(0.88, 1.05)
        blade = path(f"M186 228q-8 -{n(length * 0.7)} 14 -{n(length)}q22 {n(length * 0.3)} 14 {n(length)}z", p.leaf_dark) + path(f"M193 228q-4 -{n(length * 0.6)} 7 -{n(length * 0.9)}q11 {n(length * 0.3)} 7 {n(length * 0.9)}z", p.leaf)
        parts.append(group(blade, turn=turn, at=(200, 228)))
    return "".join(parts)


def _sprigs(p: Palette, c: Choice) -> str:
    return "".join(group(sprig(200, 230, c.between(112, 160), p, c), turn=turn, at=(200, 230)) for turn in (-34, 32, -2))


def _round(p: Palette, c: Choice) -> str:
    parts = []
    for turn, length in ((-50, 84.0), (48, 92), (-22, 128), (24, 118), (2, 146)):
        length *= c.between(0.9, 1.06)
        parts.append(group(line(f"M200 228V{n(232 - length)}", p.leaf_dark, 5), circle(200, 228 - length, c.between(22, 30), c.pick((p.leaf, p.leaf_dark))), circle(200, 228 - length, 8, p.ground2), turn=turn, at=(200, 228)))
    return "".join(parts)


def _cactus(p: Palette, c: Choice) -> str:
    if c.chance(0.5):
        body = rect(168, 92, 64, 140, p.leaf, r=32) + line("M168 190h-22q-14 0 -14 -16v-22M232 170h22q14 0 14 -16v-26", p.leaf, 26)
        ribs = line("M188 112v110M212 112v110", p.leaf_dark, 4)
        return body + ribs + circle(200, 90, 13, p.accent)
    ribs = "".join(ellipse(200, 174, rx, 66, "none", more=f'stroke="{p.leaf_dark}" stroke-width="4"') for rx in (12, 36, 58))
    return ellipse(200, 174, 74, 68, p.leaf) + ribs + "".join(circle(x, 108, 9, p.accent) for x in (184, 202, 219))


def planter(p: Palette, c: Choice) -> str:
    names = ("stripes", "bands", "zigzag", "dots", "waves", "speckles", "dip")
    flowers = "".join(line(f"M{x} 210V{y}", p.leaf_dark, 5) + circle(x, y, 19, colour) + circle(x, y, 8, p.paper) for x, y, colour in ((142, 150, p.accent), (200, 122, p.accent_dark), (256, 154, p.accent)))
    green = "".join(group(sprig(x, 214, 66, p, c), turn=turn, at=(x, 214)) for x, turn in ((128, -12), (272, 12)))
    box = path("M96 206h208l-18 104q-2 10 -12 10H126q-10 0 -12 -10z", p.main)
    return shadow(p, 220) + green + flowers + patterned(box, (96, 206, 208, 114), p, c, names=names) + rect(86, 196, 228, 24, p.dark, r=10)


def flower(p: Palette, c: Choice) -> str:
    count = c.pick((6, 8, 10))
    petals = "".join(ellipse(200, 104, 24, 46, p.main if k % 2 else p.light, more=f'transform="rotate({n(360 / count * k)} 200 152)"') for k in range(count))
    return line("M200 160Q212 250 196 334", p.leaf_dark, 9) + path("M204 268q54 -50 84 -18q-30 46 -84 18zM204 300q-60 -40 -86 -8q32 40 86 8z", p.leaf) + petals + circle(200, 152, 30, p.accent) + circle(200, 152, 16, p.accent_dark)


def watering_can(p: Palette, c: Choice) -> str:
    names = ("plain", "bands", "dots", "plain", "stripes")
    body = path("M124 182h116l8 130q0 8 -8 8H124q-8 0 -8 -8z", p.main)
    drops = "".join(ellipse(x, y, 4, 8, p.paper) for x, y in ((338, 196), (352, 222), (326, 228)))
    return shadow(p, 170, 322, 184) + path("M240 286l68 -128l16 10l-66 142z", p.dark) + path("M296 152l44 26l-8 14l-46 -26z", p.dark) + line("M130 200q-56 10 -48 60t44 40M138 186q6 -62 50 -62t48 62", p.dark, 12) + patterned(body, (114, 180, 136, 142), p, c, names=names) + rect(114, 172, 134, 18, p.light, r=8) + drops


def trowel(p: Palette, c: Choice) -> str:
    return _hand_tool(p, c, path("M164 192h72v48q0 60 -36 96q-36 -36 -36 -96z", p.metal) + path("M200 200v112", "none", more=f'stroke="{p.metal_dark}" stroke-width="5"'))


def fork(p: Palette, c: Choice) -> str:
    return _hand_tool(p, c, line("M164 318V230q0 -26 36 -26t36 26v88M200 200V322", p.metal_dark, 11))


def spade(p: Palette, c: Choice) -> str:
    return _hand_tool(p, c, rect(154, 196, 92, 128, p.metal, r=14) + rect(154, 196, 92, 14, p.metal_dark, r=5))


def rake(p: Palette, c: Choice) -> str:
    return _hand_tool(p, c, line("M200 196V250M128 250h144M128 250v46M157 250v46M186 250v46M214 250v46M243 250v46M272 250v46", p.metal_dark, 11))


def dibber(p: Palette, c: Choice) -> str:
    return _hand_tool(p, c, path("M176 192h48v60l-24 84l-24 -84z", p.metal) + "".join(rect(176, y, 48, 5, p.metal_dark) for y in (212, 234)))


def _hand_tool(p: Palette, c: Choice, head: str) -> str:
    return group(head, rect(192, 146, 16, 56, p.metal_dark), rect(182, 56, 36, 100, p.main, r=17), rect(182, 126, 36, 10, p.light), circle(200, 74, 6, p.ground2), turn=c.between(18, 44))


def shears(p: Palette, c: Choice) -> str:
    return group(path("M196 206L172 66q26 10 38 54l8 84z", p.metal), path("M204 206L236 74q-24 8 -38 46l-12 86z", p.metal_dark), line("M190 212q-44 48 -26 116", p.main, 24), line("M212 212q44 48 26 116", p.dark, 24), circle(201, 206, 15, p.ink), circle(201, 206, 6, p.metal), turn=c.between(12, 38))


def birdhouse(p: Palette, c: Choice) -> str:
    names = ("stripes", "plain", "plain", "bands", "checks")
    body = path("M130 162L200 96l70 66v120H130z", p.main)
    bird = path("M286 262q0 -30 30 -30q10 -16 28 -4l14 4l-12 6q2 40 -40 40q-30 0 -42 14z", p.accent) + circle(336, 236, 3, p.ink) if c.chance(0.5) else ""
    return line("M200 282V360", p.wood_dark, 14) + patterned(body, (128, 96, 144, 188), p, c, names=names) + path("M112 176L200 84l88 92l-14 14l-74 -76l-74 76z", p.wood_dark) + circle(200, 196, 26, p.ink) + line("M200 244v18", p.wood, 8) + rect(118, 280, 164, 14, p.wood, r=5) + bird


def bird(p: Palette, c: Choice) -> str:
    return shadow(p, 110, 330) + line("M188 280v46M214 280v46", p.wood_dark, 6) + path("M92 236q50 -4 70 -34q-6 -96 66 -96q44 0 58 40l34 14l-34 12q-2 114 -104 114q-60 0 -90 -50z", p.main) + path("M150 214q40 60 92 14q-20 54 -60 44q-30 -8 -32 -58z", p.dark) + circle(252, 144, 8, p.ink) + path("M286 146l34 14l-34 12z", p.accent)


def dog_bowl(p: Palette, c: Choice) -> str:
    paw = circle(200, 282, 11, p.paper) + "".join(circle(x, y, 5.5, p.paper) for x, y in ((184, 268), (195, 260), (208, 260), (218, 268)))
    food = "".join(circle(x, 222 + (k % 2) * 7, 13, p.wood_dark if k % 2 else p.wood) for k, x in enumerate(range(142, 264, 20)))
    return shadow(p, 220) + food + path("M118 228h164l26 84q2 8 -8 8H100q-10 0 -8 -8z", p.main) + rect(112, 222, 176, 18, p.dark, r=9) + paw


def bone(p: Palette, c: Choice) -> str:
    ends = "".join(circle(x, y, 30, p.light) for x, y in ((104, 178), (104, 222), (296, 178), (296, 222)))
    return group(rect(96, 240, 214, 12, p.ink, r=6, more='opacity=".1"'), ends, rect(110, 174, 180, 52, p.light, r=10), rect(130, 186, 110, 8, p.paper, r=4), rect(182, 166, 36, 68, p.main), turn=c.between(-40, -18))


def collar(p: Palette, c: Choice) -> str:
    return f'<ellipse cx="200" cy="184" rx="112" ry="84" fill="none" stroke="{p.main}" stroke-width="34"/><ellipse cx="200" cy="184" rx="112" ry="84" fill="none" stroke="{p.light}" stroke-width="4" stroke-dasharray="12 10"/>' + rect(104, 226, 40, 44, p.metal_dark, r=6, more='transform="rotate(38 124 248)"') + ring(200, 286, 12, p.metal_dark, 6) + c.pick((circle(200, 322, 28, p.accent), path("M200 346l-30 -30a17 17 0 0 1 30 -16a17 17 0 0 1 30 16z", p.accent)))


def pet_bed(p: Palette, c: Choice) -> str:
    cat = path("M136 236q10 -62 72 -58q60 4 60 58z", p.accent) + path("M120 222l4 -46l22 18h14l22 -18l4 46q-10 22 -33 22t-33 -22z", p.accent_dark) + line("M142 216q6 6 12 0M158 216q6 6 12 0", p.ink, 3)
    rim = path("M78 250q0 -26 30 -26h184q30 0 30 26v34q0 36 -40 36H118q-40 0 -40 -36z", p.main)
    return shadow(p, 250) + ellipse(200, 232, 112, 34, p.dark) + cat + patterned(rim, (78, 222, 244, 100), p, c, names=("plain", "stripes", "checks", "dots", "zigzag"))


def cat_tree(p: Palette, c: Choice) -> str:
    rope = "".join(line(f"M188 {y}h24", p.wood_dark, 3) for y in range(176, 300, 10))
    return shadow(p, 200) + rect(184, 160, 32, 150, p.wood) + rope + rect(112, 300, 176, 20, p.main, r=8) + rect(122, 140, 156, 22, p.main, r=9) + line("M256 162v34", p.ink, 3) + circle(256, 206, 12, p.accent) + path("M150 140q-8 -34 16 -40l-4 -34l20 16h14l20 -16l-2 40q28 20 18 34z", p.ink) + circle(178, 96, 3, p.accent) + circle(196, 96, 3, p.accent)


def fish(p: Palette, c: Choice) -> str:
    swimmer = path("M136 208q34 -40 78 -8l26 -20v56l-26 -20q-44 32 -78 -8z", p.accent) + circle(160, 204, 5, p.ink)
    weed = line("M262 296q-16 -30 0 -56t0 -50M246 296q10 -24 0 -40", p.leaf, 8)
    if c.chance(0.5):
        tank = rect(86, 118, 228, 196, p.paper, r=12, more='opacity=".6"') + rect(92, 150, 216, 158, WATER, r=8, more='opacity=".6"')
    else:
        tank = circle(200, 206, 116, p.paper, more='opacity=".6"') + path("M88 180h224a114 114 0 1 1 -224 0z", WATER, more='opacity=".55"') + rect(140, 84, 120, 16, p.paper, r=8)
    return shadow(p, 200, 324) + tank + weed + swimmer + "".join(circle(x, y, r, p.paper) for x, y, r in ((122, 176, 6), (114, 156, 4), (128, 140, 5))) + ellipse(200, 304, 92, 10, p.wood)


def cage(p: Palette, c: Choice) -> str:
    bars = "".join(line(f"M{x} 300V150Q{x} 96 200 84", p.metal_dark, 4) for x in range(124, 290, 19))
    return shadow(p, 190, 330) + ring(200, 62, 16, p.main, 7) + line("M150 250h100", p.wood, 7) + path("M176 250q-6 -44 24 -52q10 -16 30 -6l16 6l-14 6q2 42 -34 46z", p.accent) + circle(226, 202, 3, p.ink) + bars + path("M116 150q0 -72 84 -72t84 72", "none", more=f'stroke="{p.main}" stroke-width="9"') + rect(108, 296, 184, 26, p.main, r=9)


def mouse(p: Palette, c: Choice) -> str:
    return shadow(p, 220, 300) + line("M292 270q56 4 50 -50t-56 -40", p.accent, 8) + path("M78 270q10 -104 118 -104q104 0 104 78q0 36 -30 42H96q-20 0 -18 -16z", p.main) + circle(158, 170, 32, p.dark) + circle(158, 170, 18, p.light) + circle(112, 232, 7, p.ink) + circle(78, 268, 9, p.accent) + line("M96 266l-34 14M98 272l-28 26", p.ink, 3) + line("M214 214l26 24M240 214l-26 24", p.light, 6)


def carrot(p: Palette, c: Choice) -> str:
    leaves = "".join(group(ellipse(200, 84, 13, 46, colour), turn=turn, at=(200, 124)) for turn, colour in ((-36, p.leaf_dark), (34, p.leaf_dark), (0, p.leaf)))
    return group(leaves, path("M146 142q54 -44 108 0q-4 110 -54 198q-50 -88 -54 -198z", "#e08b3e"), line("M156 184h34M244 214h-32M172 256h24", "#c06d2a", 5), turn=c.between(18, 42))


def rope_toy(p: Palette, c: Choice) -> str:
    tassels = "".join(line(f"M{x} 204l{dx} {dy}", p.accent, 9) for x, dx in ((92, -38), (308, 38)) for dy in (-30, -10, 10, 30))
    stripes = "".join(line(f"M{x} 184l24 36", p.light, 7) for x in range(120, 270, 26))
    return group(rect(66, 250, 270, 12, p.ink, r=6, more='opacity=".1"'), tassels, rect(96, 180, 208, 46, p.main, r=20), stripes, circle(98, 203, 33, p.dark), circle(302, 203, 33, p.dark), turn=c.between(-34, 20))


def dog(p: Palette, c: Choice) -> str:
    """A small dog in a coat."""
    legs = "".join(rect(x, 250, 22, 72, p.wood_dark, r=8) for x in (126, 158, 232, 262))
    head = path("M262 196V128q0 -26 28 -26q12 0 22 10l40 20q6 24 -22 28l-24 2q4 22 -8 44z", p.wood) + path("M276 104q-30 2 -24 62q20 4 30 -22z", p.wood_dark) + circle(306, 128, 6, p.ink) + circle(350, 136, 8, p.ink)
    coat = path("M112 186h158l14 16q-6 60 -18 64H136q-26 -10 -24 -80z", p.main)
    return shadow(p, 220, 326) + line("M116 196q-34 -20 -28 -62", p.wood, 13) + legs + rect(106, 184, 184, 78, p.wood, r=34) + head + patterned(coat, (110, 184, 176, 84), p, c, names=("checks", "stripes", "plain", "zigzag", "dots")) + rect(256, 184, 30, 20, p.accent, r=9)


def hutch(p: Palette, c: Choice) -> str:
    bars = "".join(rect(x, 196, 5, 84, p.metal_dark) for x in range(194, 286, 15))
    return shadow(p, 230, 330) + rect(104, 286, 14, 42, p.wood_dark) + rect(282, 286, 14, 42, p.wood_dark) + rect(96, 170, 208, 122, p.wood, r=4) + rect(186, 188, 104, 92, p.ink, r=4) + bars + rect(112, 188, 62, 92, p.main, r=4) + circle(164, 234, 5, p.light) + path("M78 172L110 112h180l32 60z", p.dark)
