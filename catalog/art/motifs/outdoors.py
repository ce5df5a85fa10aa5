"""Camping, cycling and sport."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned
from catalog.art.shapes import circle, clip_path, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n


def tent(p: Palette, c: Choice) -> str:
    trees = "".join(path(f"M{n(x)} 306l-26 0l26 -{n(h)}l26 {n(h)}z", p.leaf_dark) for x, h in ((70, 120), (104, 84), (330, 132), (300, 90)))
    kind = c.pick(("ridge", "dome", "tunnel"))
    night = circle(c.between(250, 300), 90, 24, p.warm)
    ground = ellipse(200, 318, 176, 18, p.leaf, more='opacity=".75"')
    if kind == "ridge":
        body = path("M200 118L316 314H84z", p.main) + path("M200 118L316 314H236z", p.dark) + path("M200 168L240 314H160z", p.ink) + path("M200 168L160 314l-12 0l34 -136z", p.light) + line("M200 118V102M84 314L60 326M316 314L340 326", p.wood_dark, 5)
    elif kind == "dome":
        body = path("M76 314q10 -172 124 -172t124 172z", p.main) + path("M200 142q114 0 124 172h-60q-8 -140 -64 -172z", p.dark) + path("M162 314q2 -104 38 -112q36 8 38 112z", p.ink) + path("M162 314q2 -104 38 -112l-22 112z", p.light) + line("M76 314q10 -172 124 -172", p.accent, 5)
    else:
        body = path("M70 314q0 -130 74 -130h128q58 0 58 130z", p.main) + path("M144 184q-74 0 -74 130h148q0 -130 -74 -130z", p.dark) + path("M108 314q0 -86 36 -86t36 86z", p.ink) + line("M196 194q44 20 46 120M252 188q34 24 36 126", p.light, 5)
    return night + trees + ground + body


def sleeping_bag(p: Palette, c: Choice) -> str:
    lines_ = "".join(line(f"M{n(120 + k * 6)} {168 + 30 * k}q80 14 {n(160 - k * 12)} 0", p.dark, 4) for k in range(5))
    body = path("M112 140q0 -72 88 -72t88 72q0 96 -34 168q-8 16 -26 16h-56q-18 0 -26 -16q-34 -72 -34 -168z", p.main)
    return group(rect(120, 92, 180, 240, p.ink, r=60, more='opacity=".12"'), body, lines_, path("M136 138q0 -50 64 -50t64 50q-64 34 -128 0z", p.ink), ellipse(200, 128, 44, 22, p.paper), line("M262 150q4 90 -24 160", p.accent, 5), turn=c.between(-18, 18))


def roll(p: Palette, c: Choice) -> str:
    """A rolled mat, rug or sheet of paper."""
    names = ("plain", "stripes", "dots", "waves", "zigzag", "bands")
    body = rect(118, 156, 200, 96, p.main, r=8)
    return group(
        ellipse(214, 268, 120, 12, p.ink, more='opacity=".12"'), patterned(body, (118, 156, 200, 96), p, c, names=names), circle(118, 204, 49, p.dark), ring(118, 204, 36, p.light, 6), ring(118, 204, 22, p.light, 6), circle(118, 204, 9, p.ink),
        rect(192, 152, 16, 104, p.accent, r=3), rect(270, 152, 16, 104, p.accent, r=3), turn=c.between(-20, 6),
    )  # fmt: skip


def backpack(p: Palette, c: Choice) -> str:
    names = ("plain", "plain", "bands", "stripes", "dip")
    body = path("M124 170q0 -86 76 -86t76 86v124q0 28 -28 28H152q-28 0 -28 -28z", p.main)
    mat = rect(118, 52, 164, 42, p.accent, r=21) + circle(262, 73, 10, p.accent_dark) if c.chance(0.5) else line("M176 88q0 -32 24 -32t24 32", p.dark, 11)
    return shadow(p, 190, 328) + rect(104, 200, 36, 94, p.dark, r=15) + rect(260, 200, 36, 94, p.dark, r=15) + mat + patterned(body, (122, 84, 156, 240), p, c, names=names) + path("M124 168q0 -84 76 -84t76 84q-76 34 -152 0z", p.dark) + rect(146, 226, 108, 76, p.light, r=16) + line("M152 250h96", p.dark, 5) + rect(158, 168, 13, 50, p.wood, r=4) + rect(229, 168, 13, 50, p.wood, r=4)


def bottle(p: Palette, c: Choice) -> str:
    names = ("plain", "bands", "dip", "stripes", "waves", "dots", "zigzag")
    body = c.pick((rect(146, 128, 108, 194, p.main, r=24), path("M166 128h68q2 34 20 52q6 8 6 20v96q0 26 -24 26h-72q-24 0 -24 -26v-96q0 -12 6 -20q18 -18 20 -52z", p.main)))
    cap = c.pick((rect(160, 78, 80, 52, p.dark, r=10) + ring(200, 70, 18, p.dark, 9), rect(166, 92, 68, 40, p.wood, r=6), rect(170, 84, 60, 48, p.dark, r=8) + rect(188, 62, 24, 28, p.ink, r=5)))
    return shadow(p, 150, 326) + cap + patterned(body, (138, 128, 124, 196), p, c, names=names) + rect(162, 186, 9, 84, p.light, r=4)


def stove(p: Palette, c: Choice) -> str:
    flames = "".join(path(f"M{x} 214q-14 -18 0 -38q14 20 0 38z", p.warm) for x in (168, 190, 212, 234))
    return shadow(p, 180, 326) + path("M116 84h168l-10 84q-2 12 -14 12H140q-12 0 -14 -12z", p.metal) + rect(108, 76, 184, 14, p.metal_dark, r=6) + line("M284 110l50 -16", p.ink, 10) + flames + line("M140 186h120M152 186l34 46M248 186l-34 46", p.ink, 7) + rect(184, 222, 32, 30, p.metal_dark, r=5) + line("M216 238h36", p.metal_dark, 8) + circle(256, 238, 9, p.accent_dark) + path("M132 266q0 -16 20 -16h96q20 0 20 16v42q0 14 -14 14H146q-14 0 -14 -14z", p.main) + rect(132, 276, 136, 12, p.light)


def torch(p: Palette, c: Choice) -> str:
    beam = path("M150 96h100L328 -30H72z", p.paper, more='opacity=".42"')
    return group(beam, path("M144 96h112l-18 62h-76z", p.dark), rect(140, 84, 120, 18, p.metal, r=6), rect(166, 156, 68, 168, p.main, r=14), "".join(rect(166, y, 68, 6, p.dark) for y in (252, 268, 284, 300)), rect(188, 182, 24, 36, p.accent, r=11), turn=c.between(24, 48), at=(200, 220))


def lantern(p: Palette, c: Choice) -> str:
    return shadow(p, 150, 328) + circle(200, 208, 132, p.paper, more='opacity=".28"') + line("M148 150q0 -90 52 -90t52 90", p.metal_dark, 8) + path("M150 142l24 -32h52l24 32z", p.main) + rect(150, 142, 100, 116, p.paper, r=8, more='opacity=".75"') + path("M200 160q34 44 0 82q-34 -38 0 -82z", p.warm) + path("M200 196q16 22 0 42q-16 -20 0 -42z", p.paper) + line("M166 146v108M234 146v108", p.metal_dark, 5) + rect(140, 136, 120, 14, p.dark, r=6) + path("M140 256h120l12 56q2 12 -10 12H138q-12 0 -10 -12z", p.main) + circle(200, 292, 13, p.light)


def compass(p: Palette, c: Choice) -> str:
    turn = c.between(-60, 70)
    marks = "".join(rect(197, 106, 6, 15, p.ink, r=2, more=f'transform="rotate({a} 200 212)"') for a in range(0, 360, 45))
    return ring(200, 70, 21, p.metal_dark, 9) + ellipse(204, 224, 124, 118, p.ink, more='opacity=".1"') + circle(200, 212, 122, p.main) + circle(200, 212, 98, p.paper) + marks + group(path("M200 126l19 86h-38z", p.accent_dark), path("M200 298l19 -86h-38z", p.metal_dark), turn=turn, at=(200, 212)) + circle(200, 212, 10, p.ink)


def binoculars(p: Palette, c: Choice) -> str:
    one = path("M112 140h60l10 130q2 44 -42 44t-46 -44z", p.main) + rect(114, 96, 56, 48, p.dark, r=8) + ellipse(138, 290, 44, 24, p.ink) + ellipse(138, 290, 31, 16, p.accent)
    return shadow(p, 230, 320) + rect(168, 160, 64, 60, p.dark, r=10) + circle(200, 146, 21, p.metal_dark) + one + f'<g transform="translate(400 0) scale(-1 1)">{one}</g>'


def bicycle(p: Palette, c: Choice) -> str:
    r = c.between(56, 64)
    spokes = "".join(line(f"M{x} {n(252 - r + 6)}V{n(246 + r)}", p.metal_dark, 2, more=f'transform="rotate({a} {x} 252)"') for x in (110, 292) for a in (0, 45, 90, 135))
    wheels = "".join(ring(x, 252, r, p.ink, 9) + circle(x, 252, 8, p.metal_dark) for x in (110, 292))
    kind = c.pick(("drop", "city", "mixte"))
    frame = {"drop": "M110 252L158 164H266L206 252zM158 164L206 252M266 164L292 252", "city": "M110 252L160 168L262 176L206 252zM160 168L206 252M256 138L292 252", "mixte": "M110 252L160 180L206 252zM160 180L150 148M206 252L262 158M180 214L258 146M256 134L292 252"}[kind]
    bars = {"drop": "M266 164l-6 -28h32q14 2 12 20t-18 14", "city": "M256 138l-6 -24q-26 -8 -44 6", "mixte": "M256 134l-4 -18q-26 -10 -46 4"}[kind]
    basket = path("M268 116h56l-8 44h-42z", p.wood) + line("M282 118l3 40M296 118v40M310 118l-3 40", p.wood_dark, 3) if kind != "drop" and c.chance(0.6) else ""
    return shadow(p, 300, 322) + spokes + wheels + line(frame, p.main, 11) + line(bars, p.ink, 8) + line("M150 150h20", p.main, 9) + path("M132 140q30 -10 52 2q-4 12 -22 12q-20 0 -30 -14z", p.wood_dark) + circle(206, 252, 17, p.metal_dark) + line("M206 252l12 26h12M206 252l-12 -26h-12", p.ink, 6) + basket


def helmet(p: Palette, c: Choice) -> str:
    shell = path("M82 236q-4 -136 118 -140q120 2 122 128q0 16 -16 16H96q-14 0 -14 -4z", p.main)
    vents = "".join(path(f"M{x} {n(y)}q18 -34 44 -40l6 18q-22 8 -36 32z", p.ink) for x, y in ((126, 204), (180, 194), (236, 196)))
    smooth = line("M120 190q20 -58 80 -66", p.light, 9) + line("M94 214h216", p.accent, 12)
    return shadow(p, 220, 322) + line("M116 238l50 70q14 12 28 0l58 -70", p.ink, 8) + circle(180, 306, 10, p.metal_dark) + shell + c.pick((vents, smooth)) + path("M250 236q62 -6 98 12q-20 12 -98 4z", p.dark)


def lock(p: Palette, c: Choice) -> str:
    if c.chance(0.5):
        return shadow(p, 180, 326) + line("M140 246V152a60 60 0 0 1 120 0v94", p.metal_dark, 25) + line("M140 160a60 60 0 0 1 40 -64", p.metal, 7) + rect(108, 232, 184, 90, p.main, r=26) + rect(108, 262, 184, 10, p.light) + circle(200, 292, 10, p.ink)
    links = "".join(f'<ellipse cx="{n(x)}" cy="{n(y)}" rx="21" ry="14" fill="none" stroke="{p.metal_dark}" stroke-width="9" transform="rotate({turn} {n(x)} {n(y)})"/>' for x, y, turn in ((140, 214, -70), (128, 176, -100), (140, 138, -60), (170, 110, -25), (206, 104, 8), (240, 118, 40), (264, 150, 70), (266, 190, 100)))
    return shadow(p, 170, 326) + links + rect(136, 220, 132, 104, p.main, r=18) + circle(202, 262, 14, p.ink) + rect(197, 266, 10, 32, p.ink, r=4) + rect(136, 220, 132, 18, p.light, r=9)


def bike_light(p: Palette, c: Choice) -> str:
    rays = "".join(path("M200 60l12 -44h-24z", p.accent, more=f'transform="rotate({turn} 200 190)"') for turn in (-60, -30, 0, 30, 60))
    return rays + shadow(p, 140, 330) + rect(178, 268, 44, 58, p.ink, r=10) + circle(200, 196, 88, p.main) + circle(200, 196, 66, p.ink) + circle(200, 196, 58, p.paper) + circle(200, 196, 34, p.accent) + circle(182, 176, 12, p.paper, more='opacity=".8"')


def bell(p: Palette, c: Choice) -> str:
    return shadow(p, 160, 322) + line("M120 296h160", p.metal_dark, 22) + path("M96 246q0 -120 104 -120t104 120z", p.main) + path("M126 236q2 -70 58 -88", "none", more=f'stroke="{p.light}" stroke-width="10" stroke-linecap="round"') + rect(84, 240, 232, 18, p.dark, r=9) + circle(200, 118, 15, p.accent) + line("M296 268l34 22", p.ink, 13)


def pump(p: Palette, c: Choice) -> str:
    return shadow(p, 190, 330) + line("M214 290q90 10 92 -60t-40 -70", p.ink, 8) + circle(266, 160, 11, p.accent) + rect(193, 70, 12, 100, p.metal_dark) + rect(140, 56, 118, 25, p.wood, r=12) + rect(180, 146, 38, 164, p.main, r=8) + rect(180, 170, 38, 10, p.light) + circle(199, 262, 27, p.metal) + circle(199, 262, 20, p.paper) + line("M199 262l10 -10", p.accent_dark, 4) + path("M130 326q0 -20 24 -20h90q24 0 24 20z", p.ink)


def tool(p: Palette, c: Choice) -> str:
    arms = "".join(group(rect(192, 66, 16, 150, p.metal if k % 2 else p.metal_dark, r=5), rect(188, 60, 24, 18, p.metal_dark, r=3), turn=turn, at=(200, 214)) for k, turn in enumerate((-64, -32, 0, 34, 66)))
    return group(arms, rect(160, 194, 80, 134, p.main, r=24), rect(174, 214, 52, 92, p.dark, r=14), circle(200, 214, 10, p.metal), circle(200, 306, 10, p.metal), turn=c.between(-18, 18))


def pannier(p: Palette, c: Choice) -> str:
    names = ("plain", "plain", "bands", "checks", "stripes")
    body = path("M112 130h176l12 178q0 14 -14 14H114q-14 0 -14 -14z", p.main)
    return shadow(p, 230, 328) + line("M160 132q0 -54 40 -54t40 54", p.wood_dark, 11) + patterned(body, (100, 130, 200, 192), p, c, names=names) + path("M108 130h184l4 76q-96 26 -192 0z", p.dark) + rect(142, 176, 16, 76, p.wood, r=4) + rect(242, 176, 16, 76, p.wood, r=4) + rect(138, 228, 24, 14, p.metal, r=3) + rect(238, 228, 24, 14, p.metal, r=3) + rect(182, 284, 36, 10, p.paper, r=4)


def kettlebell(p: Palette, c: Choice) -> str:
    if c.chance(0.55):
        return shadow(p, 170, 324) + line("M150 200q-26 -116 50 -116t50 116", p.ink, 25) + circle(200, 234, 86, p.main) + rect(152, 308, 96, 14, p.dark, r=5) + circle(200, 238, 38, p.light) + rect(182, 233, 36, 10, p.dark, r=4)
    plates = rect(80, 152, 34, 104, p.main, r=11) + rect(108, 136, 34, 136, p.dark, r=11) + rect(286, 152, 34, 104, p.main, r=11) + rect(258, 136, 34, 136, p.dark, r=11)
    return group(ellipse(200, 286, 130, 12, p.ink, more='opacity=".12"'), rect(130, 190, 140, 28, p.metal_dark, r=8), "".join(rect(x, 190, 5, 28, p.metal) for x in range(162, 240, 12)), plates, turn=c.between(-24, 12))


def bands(p: Palette, c: Choice) -> str:
    return "".join(f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill="none" stroke="{colour}" stroke-width="{w}" transform="rotate({n(turn)} {x} {y})"/>' for x, y, rx, ry, colour, w, turn in ((170, 190, 92, 58, p.main, 24, c.between(-34, -10)), (222, 200, 88, 66, p.accent, 15, c.between(10, 40)), (196, 232, 104, 48, p.dark, 19, c.between(-12, 12))))


def rope(p: Palette, c: Choice) -> str:
    return line(f"M104 118C60 330 {n(c.between(150, 190))} 360 200 250S330 {n(c.between(60, 110))} 296 250", p.accent, 10) + group(rect(88, 66, 32, 84, p.main, r=14), rect(88, 132, 32, 12, p.light), turn=-8, at=(104, 110)) + group(rect(280, 240, 32, 84, p.main, r=14), rect(280, 246, 32, 12, p.light), turn=10, at=(296, 280))


def bat(p: Palette, c: Choice) -> str:
    return group(circle(206, 166, 96, p.ink, more='opacity=".12"'), circle(200, 156, 96, p.main), path("M136 226q64 46 128 0l-34 40h-60z", p.wood), rect(180, 250, 40, 86, p.wood, r=12), turn=c.between(20, 40)) + circle(92, 284, 27, p.accent)


def racket(p: Palette, c: Choice) -> str:
    strings = "".join(rect(x, 50, 2, 190, p.paper) + rect(110, x - 58, 180, 2, p.paper) for x in range(130, 290, 19))
    oval = ellipse(200, 144, 78, 94, "none")
    return group(clip_path("r", ellipse(200, 144, 76, 92, "#fff")), group(strings, clip="r"), oval.replace('fill="none"', f'fill="none" stroke="{p.main}" stroke-width="16"'), line("M170 230L194 274M230 230L206 274", p.main, 12), rect(186, 264, 28, 100, p.ink, r=10), rect(186, 262, 28, 14, p.accent, r=4), turn=c.between(22, 42)) + circle(92, 276, 29, p.accent) + line("M70 262q22 8 18 40", p.paper, 4)


def shoe(p: Palette, c: Choice) -> str:
    return group(shadow(p, 270, 312), path("M66 268q-4 -60 10 -106q40 26 80 2l62 56q20 14 70 20q44 6 44 40q0 12 -12 12H82q-14 0 -16 -24z", p.main), path("M66 254h266q4 6 4 14q0 24 -18 24H84q-18 0 -18 -38z", p.paper), rect(68, 286, 264, 18, p.dark, r=9), path("M76 162q40 26 80 2l22 20q-52 40 -108 16z", p.dark), line("M168 176l-24 22M188 194l-24 22M208 212l-24 22", p.paper, 7), path("M96 246q60 -2 98 -38l16 14q-36 32 -114 36z", p.accent), turn=c.between(-14, 0))


def goggles(p: Palette, c: Choice) -> str:
    return ellipse(200, 290, 130, 11, p.ink, more='opacity=".12"') + line("M84 196q-44 -56 20 -84q96 -40 192 0q64 28 20 84", p.dark, 15) + path("M72 206q0 -36 50 -36q60 0 64 36q2 54 -50 56q-60 2 -64 -56zM328 206q0 -36 -50 -36q-60 0 -64 36q-2 54 50 56q60 2 64 -56z", p.main) + path("M90 208q0 -22 34 -22q42 0 46 22q0 36 -36 38q-42 0 -44 -38zM310 208q0 -22 -34 -22q-42 0 -46 22q0 36 36 38q42 0 44 -38z", p.ink) + line("M186 212q14 -10 28 0", p.main, 11) + line("M108 206q4 -8 18 -10M248 206q4 -8 18 -10", p.paper, 5)


def cap(p: Palette, c: Choice) -> str:
    if c.chance(0.3):
        return shadow(p, 190, 300) + path("M92 272q-10 -160 108 -164q118 4 108 164q-108 34 -216 0z", p.main) + path("M92 272q108 34 216 0l-2 -34q-106 30 -212 0z", p.accent) + line("M140 172q16 -34 50 -40", p.light, 9)
    return shadow(p, 230, 304, 210) + path("M84 258q-6 -136 108 -136q100 0 104 120q-100 -10 -212 16z", p.main) + path("M192 122q-50 30 -52 126l-56 10q-6 -136 108 -136z", p.dark) + path("M190 244q90 -16 106 -2q66 10 64 38q-80 -18 -180 -8z", p.accent) + circle(194, 122, 10, p.accent)


def block(p: Palette, c: Choice) -> str:
    return shadow(p, 220, 318) + path("M92 212l46 -42h190l-46 42z", p.light) + rect(92, 212, 190, 104, p.main, r=6) + path("M282 212l46 -42v98l-46 48z", p.dark) + rect(120, 248, 80, 9, p.paper, r=4)
