"""Lamps, furniture, fabrics and what stands on a shelf."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned, sprig
from catalog.art.shapes import circle, clip_path, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n


def glow(p: Palette, x: float, y: float, r: float) -> str:
    return circle(x, y, r, p.paper, more='opacity=".35"')


def table_lamp(p: Palette, c: Choice) -> str:
    top, bottom = c.between(44, 70), c.between(92, 112)
    shade = c.pick((
        path(f"M{n(200 - top)} 96h{n(2 * top)}L{n(200 + bottom)} 204H{n(200 - bottom)}z", p.main),
        path(f"M{n(200 - bottom)} 204q0 -{n(bottom + 12)} {n(bottom)} -{n(bottom + 12)}t{n(bottom)} {n(bottom + 12)}z", p.main),
        rect(200 - bottom * 0.8, 104, bottom * 1.6, 100, p.main, r=10),
    ))  # fmt: skip
    base = c.pick((
        rect(192, 200, 16, 104, p.wood) + ellipse(200, 306, 54, 14, p.wood_dark),
        path("M188 204h24q44 40 34 84q-4 32 -46 32t-46 -32q-10 -44 34 -84z", p.accent),
        circle(200, 232, 24, p.accent) + circle(200, 278, 38, p.accent_dark),
    ))  # fmt: skip
    names = ("plain", "stripes", "plain", "bands", "dots")
    return shadow(p, 150) + glow(p, 200, 190, 146) + base + patterned(shade, (90, 84, 220, 122), p, c, names=names)


def pendant(p: Palette, c: Choice) -> str:
    shade = c.pick((
        path("M200 132q-96 10 -104 118h208q-8 -108 -104 -118z", p.main),
        circle(200, 214, 82, p.main),
        path("M176 138h48l66 112H110z", p.main),
    ))  # fmt: skip
    names = ("plain", "bands", "stripes", "plain")
    return (
        line("M200 0V140", p.ink, 5) + rect(186, 118, 28, 26, p.metal_dark, r=6) + glow(p, 200, 256, 120)
        + circle(200, 254, 24, p.paper) + patterned(shade, (96, 130, 208, 170), p, c, names=names)
    )  # fmt: skip


def desk_lamp(p: Palette, c: Choice) -> str:
    return (
        shadow(p, 170, 322, 180) + path("M250 152L352 318H204z", p.paper, more='opacity=".35"') + line("M172 304L126 206L214 128", p.wood, 13)
        + circle(126, 206, 12, p.metal_dark) + group(path("M186 92h44l34 66H152z", p.main) + rect(190, 76, 36, 22, p.dark, r=8), turn=c.between(-38, -22), at=(208, 124))
        + rect(112, 300, 116, 20, p.dark, r=10)
    )  # fmt: skip


def floor_lamp(p: Palette, c: Choice) -> str:
    legs = c.pick((line("M200 170L150 330M200 170L250 330M200 170V330", p.wood, 9), line("M200 150V320", p.metal_dark, 9) + ellipse(200, 324, 58, 12, p.metal_dark)))
    shade = path(f"M{n(c.between(136, 160))} 70h{n(c.between(84, 112))}L286 176H114z", p.main)
    return shadow(p, 150, 330) + glow(p, 200, 150, 130) + legs + patterned(shade, (112, 68, 178, 110), p, c, names=("plain", "stripes", "bands", "checks"))


def bulb(p: Palette, c: Choice) -> str:
    rays = "".join(rect(196, 44, 8, 30, p.accent, r=4, more=f'transform="rotate({turn} 200 180)"') for turn in range(-120, 121, 30))
    return (
        rays + path("M200 96a82 82 0 0 1 46 150q-8 8 -8 22h-76q0 -14 -8 -22a82 82 0 0 1 46 -150z", p.main)
        + line("M176 206l14 -26l20 0l14 26", p.paper, 6) + rect(164, 272, 72, 44, p.metal_dark, r=8) + rect(164, 284, 72, 6, p.metal) + rect(184, 312, 32, 14, p.ink, r=6)
    )  # fmt: skip


def candle(p: Palette, c: Choice) -> str:
    names = ("plain", "bands", "dots", "stripes", "waves")
    flame = path("M200 62q30 38 0 62q-30 -24 0 -62z", p.warm) + path("M200 88q14 20 0 34q-14 -14 0 -34z", p.paper)
    if c.chance(0.5):  # in a jar with a label
        body = rect(130, 166, 140, 154, p.main, r=16)
        label = rect(156, 208, 88, 76, p.paper, r=4) + sprig(200, 276, 54, p, c)
        return shadow(p, 160) + glow(p, 200, 104, 84) + flame + rect(197, 124, 6, 30, p.ink) + rect(140, 150, 120, 40, p.paper, r=8) + patterned(body, (130, 166, 140, 154), p, c, names=names) + label
    width = c.between(64, 110)
    body = rect(200 - width / 2, 152, width, 160, p.main, r=10)
    return (
        shadow(p, 170) + glow(p, 200, 100, 84) + flame + rect(197, 120, 6, 34, p.ink) + patterned(body, (200 - width / 2, 152, width, 160), p, c, names=names)
        + path(f"M{n(200 - width / 2)} 160q{n(width * 0.2)} 60 {n(width * 0.4)} 0z", p.light) + ellipse(200, 312, width / 2 + 28, 12, p.metal)
    )  # fmt: skip


def diffuser(p: Palette, c: Choice) -> str:
    reeds = "".join(line(f"M200 190L{x} 56", p.wood_dark, 5) for x in (148, 176, 202, 230, 256))
    return shadow(p, 140) + reeds + rect(178, 160, 44, 40, p.wood, r=5) + path("M172 196h56q0 20 24 34q16 10 16 30v46q0 14 -14 14H146q-14 0 -14 -14v-46q0 -20 16 -30q24 -14 24 -34z", p.main) + rect(154, 250, 92, 44, p.paper, r=4) + rect(170, 266, 60, 5, p.dark) + rect(182, 278, 36, 4, p.dark)


def clock(p: Palette, c: Choice) -> str:
    hour, minute = c.between(0, 360), c.between(0, 360)
    ticks = "".join(rect(197, 106, 6, 16 if turn % 90 == 0 else 9, p.ink, r=3, more=f'transform="rotate({turn} 200 200)"') for turn in range(0, 360, 30))
    square = c.chance(0.3)
    case = rect(84, 84, 232, 232, p.main, r=44) if square else circle(200, 200, 120, p.main)
    feet = line("M136 300l-18 28M264 300l18 28", p.dark, 14) + path("M106 118a36 36 0 0 1 54 -38zM294 118a36 36 0 0 0 -54 -38z", p.dark) if c.chance(0.3) and not square else ""
    return (
        feet + ellipse(204, 212, 122, 118, p.ink, more='opacity=".1"') + case + circle(200, 200, 100, p.paper) + ticks
        + rect(195, 146, 10, 58, p.ink, r=5, more=f'transform="rotate({n(hour)} 200 200)"') + rect(196.5, 120, 7, 84, p.ink, r=3, more=f'transform="rotate({n(minute)} 200 200)"')
        + rect(198.5, 116, 3, 104, p.accent_dark, more=f'transform="rotate({n(hour + 77)} 200 200)"') + circle(200, 200, 8, p.accent_dark)
    )  # fmt: skip


def vase(p: Palette, c: Choice) -> str:
    neck, belly = c.between(20, 40), c.between(58, 86)
    body = c.pick((
        path(f"M{n(200 - neck)} 176h{n(2 * neck)}q-4 34 {n(belly - neck)} 70q20 74 -{n(belly - 22)} 74h-44q-{n(belly - 0)} 0 -{n(belly - 22)} -74q{n(belly - neck)} -36 {n(belly - neck)} -70z", p.main),
        path(f"M{n(200 - neck)} 182h{n(2 * neck)}l{n(belly - neck)} 124q2 14 -12 14h-{n(2 * belly - 24)}q-14 0 -12 -14z", p.main),
        rect(200 - belly, 200, 2 * belly, 120, p.main, r=56) + rect(200 - neck, 176, 2 * neck, 46, p.main),
    ))  # fmt: skip
    flowers = c.pick(("leaves", "tulips", "dried"))
    stems = {
        "leaves": sprig(196, 186, 128, p, c) + sprig(212, 186, 92, p, c),
        "tulips": "".join(
            line(f"M200 190Q{n(x)} 150 {n(x)} {n(y + 20)}", p.leaf_dark, 5) + path(f"M{n(x - 20)} {n(y - 16)}l12 12l8 -16l8 16l12 -12q4 44 -20 44t-20 -44z", colour)
            for x, y, colour in ((158, 104, p.accent), (200, 82, p.accent_dark), (244, 110, p.accent))
        ),
        "dried": "".join(line(f"M200 190Q{n(200 + lean * 0.4)} 130 {n(200 + lean)} 84", p.wood_dark, 4) + ellipse(200 + lean, 76, 11, 24, p.wood, more=f'transform="rotate({n(lean * 0.5)} {n(200 + lean)} 76)"') for lean in (-56, -22, 16, 52)),
    }[flowers]  # fmt: skip
    names = ("plain", "bands", "dots", "waves", "dip", "speckles", "stripes")
    return shadow(p, 150) + stems + patterned(body, (200 - belly, 170, 2 * belly, 152), p, c, names=names)


def art(p: Palette, c: Choice) -> str:
    """A framed print of a small landscape or composition."""
    scene = c.pick((
        circle(c.between(160, 240), 150, 34, p.accent) + path("M100 240q60 -70 110 -10t110 -30v140H100z", p.main) + path("M100 280q70 -50 130 -10t90 -10v90H100z", p.dark),
        circle(176, 176, 52, p.main) + rect(196, 150, 62, 118, p.accent) + path("M140 262a60 60 0 0 1 120 0z", p.dark),
        sprig(200, 290, 178, p, c),
        path("M132 270l44 -120l40 76l22 -36l44 80z", p.main) + circle(236, 136, 20, p.accent),
        "".join(ellipse(x, y, 27, 34, p.accent) for x, y in ((168, 240), (214, 256), (238, 214))) + rect(110, 270, 180, 60, p.main),
    ))  # fmt: skip
    inside = rect(122, 92, 156, 216, p.paper)
    frame = c.pick((p.wood, p.ink, p.main, p.metal_dark))
    return rect(106, 78, 196, 252, p.ink, r=4, more='opacity=".13"') + rect(98, 68, 204, 264, frame, r=4) + rect(110, 80, 180, 240, p.paper) + clip_path("f", inside) + group(rect(122, 92, 156, 216, p.ground), scene, clip="f")


def mirror(p: Palette, c: Choice) -> str:
    return circle(206, 208, 126, p.ink, more='opacity=".12"') + circle(200, 196, 124, p.main) + circle(200, 196, 106, p.paper) + clip_path("f", circle(200, 196, 106, p.paper)) + group(path("M60 250L250 60h50L60 300zM120 320L320 120v26L150 320z", p.ground2, more='opacity=".7"'), clip="f")


def chair(p: Palette, c: Choice) -> str:
    legs = line("M148 246L138 326M252 246L262 326", p.wood, 13)
    back = c.pick((
        rect(146, 74, 108, 112, p.main, r=c.pick((14, 52))),
        line("M146 196V90q0 -14 14 -14h80q14 0 14 14v106M180 80v110M220 80v110", p.wood, 11),
        line("M146 196V82M254 196V82", p.wood, 11) + rect(140, 78, 120, 36, p.main, r=12) + rect(140, 134, 120, 30, p.main, r=12),
    ))  # fmt: skip
    return shadow(p, 170, 328) + line("M156 180V230M244 180V230", p.wood, 13) + back + legs + rect(132, 212, 136, 40, p.dark, r=16) + rect(132, 206, 136, 30, p.light, r=14)


def armchair(p: Palette, c: Choice) -> str:
    names = ("plain", "plain", "stripes", "checks", "dots")
    back = rect(122, 98, 156, 170, p.main, r=c.pick((30, 70)))
    return (
        shadow(p, 230, 328) + line("M124 296L112 328M276 296L288 328", p.wood_dark, 12) + patterned(back, (122, 98, 156, 170), p, c, names=names)
        + rect(128, 228, 144, 60, p.light, r=20) + rect(84, 192, 58, 114, p.dark, r=28) + rect(258, 192, 58, 114, p.dark, r=28) + rect(108, 280, 184, 28, p.dark, r=12)
    )  # fmt: skip


def stool(p: Palette, c: Choice) -> str:
    bar = c.pick((268, 284))
    return shadow(p, 150, 328) + line(f"M168 190L140 324M232 190L260 324M{n(152)} {bar}H248", p.wood, 12) + ellipse(200, 188, 80, 22, p.dark) + ellipse(200, 178, 80, 22, p.main) + ellipse(200, 176, 56, 12, p.light)


def table(p: Palette, c: Choice) -> str:
    top = c.between(186, 206)
    legs = c.pick((f"M116 {n(top)}L100 324M284 {n(top)}L300 324", f"M150 {n(top)}L110 324M250 {n(top)}L290 324M160 {n(top + 60)}H240"))
    thing = c.pick((circle(244, top - 26, 26, p.accent), rect(136, top - 20, 84, 12, p.accent, r=3) + rect(142, top - 32, 70, 12, p.main, r=3), ""))
    plant = rect(232, top - 38, 40, 38, p.accent, r=6) + sprig(252, top - 36, 74, p, c)
    return shadow(p, 230, 328) + line(legs, p.wood_dark, 13) + rect(78, top, 244, 22, p.wood, r=c.pick((4, 11))) + (rect(150, top + 22, 100, 34, p.main, r=4) + circle(200, top + 39, 5, p.light)) + (thing if c.chance(0.5) else plant)


def shelf(p: Palette, c: Choice) -> str:
    books = []
    for y in (140, 228, 316):
        x = 122.0
        while x < 250:
            width, height = c.between(13, 24), c.between(42, 66)
            books.append(rect(x, y - height, width, height, c.pick((p.main, p.dark, p.light, p.accent, p.paper, p.accent_dark)), r=2))
            x += width + (0 if c.chance(0.8) else 22)
    boards = "".join(rect(100, y, 200, 10, p.wood, r=3) for y in (140, 228, 316))
    return shadow(p, 220, 334) + rect(100, 62, 12, 268, p.wood_dark, r=3) + rect(288, 62, 12, 268, p.wood_dark, r=3) + "".join(books) + boards


def basket(p: Palette, c: Choice) -> str:
    weave = patterned(path("M112 190h176l-18 120q-2 10 -12 10H142q-10 0 -12 -10z", p.wood), (112, 190, 176, 130), p, c, names=("waves", "zigzag", "checks", "stripes"))
    inside = circle(166, 178, 42, p.main) + circle(232, 174, 46, p.accent) + circle(200, 160, 36, p.light)
    return shadow(p, 190) + line("M136 196q0 -112 64 -112t64 112", p.wood_dark, 12) + inside + weave + rect(104, 182, 192, 22, p.wood_dark, r=11)


def cushion(p: Palette, c: Choice) -> str:
    square = path("M98 96q102 30 204 0q-28 104 0 208q-102 -30 -204 0q28 -104 0 -208z", p.main)
    names = ("stripes", "dots", "checks", "waves", "zigzag", "bands", "plain")
    tassels = "".join(circle(x, y, 10, p.accent) for x, y in ((98, 96), (302, 96), (98, 304), (302, 304)))
    return group(ellipse(206, 312, 104, 14, p.ink, more='opacity=".12"'), patterned(square, (96, 94, 208, 212), p, c, names=names), tassels if c.chance(0.5) else "", turn=c.between(-14, 14))


def blanket(p: Palette, c: Choice) -> str:
    """A stack of folded fabric."""
    layers = []
    for step, colour in enumerate((p.dark, p.main, p.light, p.accent)[: c.whole(2, 4)]):
        y = 272 - 50 * step
        fold = rect(92 + 5 * step, y, 216 - 10 * step, 48, colour, r=23)
        layers.append(patterned(fold, (92, y, 216, 48), p, c, names=("plain", "stripes", "checks", "plain", "zigzag"), name=f"k{step}") + ring(284 - 5 * step, y + 24, 9, p.paper, 4))
    fringe = "".join(rect(104 + 14 * k, 316, 5, 18, p.dark, r=2) for k in range(14))
    return shadow(p, 230, 334) + fringe + "".join(layers)


def bed(p: Palette, c: Choice) -> str:
    names = ("stripes", "dots", "checks", "plain", "waves")
    cover = path("M78 236h244v58q0 10 -10 10H88q-10 0 -10 -10z", p.main)
    return (
        shadow(p, 280, 334) + rect(70, 110, 260, 150, p.wood, r=c.pick((16, 60))) + rect(80, 300, 16, 32, p.wood_dark) + rect(304, 300, 16, 32, p.wood_dark)
        + rect(96, 186, 100, 62, p.paper, r=24) + rect(204, 186, 100, 62, p.paper, r=24) + patterned(cover, (78, 236, 244, 70), p, c, names=names) + rect(70, 232, 260, 22, p.light, r=10)
    )  # fmt: skip


def rug(p: Palette, c: Choice) -> str:
    if c.chance(0.3):
        rings = "".join(circle(200, 200, r, colour) for r, colour in ((128, p.main), (104, p.light), (78, p.accent), (52, p.dark), (26, p.paper)))
        return circle(206, 210, 128, p.ink, more='opacity=".12"') + rings
    diamonds = "".join(path(f"M200 {y}l46 34l-46 34l-46 -34z", p.accent) + path(f"M200 {y + 16}l24 18l-24 18l-24 -18z", p.paper) for y in (96, 166, 236))
    fringe = "".join(rect(118 + 14 * k, y, 5, 18, p.paper, r=2) for k in range(12) for y in (52, 330))
    body = rect(108, 68, 184, 264, p.main, r=4)
    inner = diamonds if c.chance(0.5) else ""
    return group(rect(114, 78, 184, 266, p.ink, r=4, more='opacity=".12"'), fringe, patterned(body, (108, 68, 184, 264), p, c, names=("bands", "zigzag", "stripes", "checks", "waves")), f'<rect x="120" y="80" width="160" height="240" fill="none" stroke="{p.paper}" stroke-width="5"/>', inner, turn=c.between(-14, 14))


def towel(p: Palette, c: Choice) -> str:
    cloth = path("M132 104h136v196q0 12 -12 12H144q-12 0 -12 -12z", p.main)
    return rect(72, 84, 256, 14, p.wood, r=7) + circle(72, 91, 13, p.wood_dark) + circle(328, 91, 13, p.wood_dark) + path("M142 312h126v-220h14v212q0 14 -14 14H150z", p.dark) + rect(132, 84, 136, 30, p.main, r=13) + patterned(cloth, (132, 104, 136, 208), p, c, names=("bands", "stripes", "checks", "plain", "waves")) + rect(132, 262, 136, 10, p.paper)
