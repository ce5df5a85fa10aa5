"""Books, music, games and toys."""

# Coordinates are read along the line: the lines are as long as the shapes.
# fmt: off
from __future__ import annotations

from catalog.art.backdrops import shadow
from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.patterns import patterned, sprig
from catalog.art.shapes import circle, clip_path, ellipse, group, line, path, rect, ring
from catalog.art.shapes import number as n


def _emblem(p: Palette, c: Choice) -> str:
    """A small composition for a cover, about x 140..264 and y 150..286."""
    return c.pick((
        circle(202, 214, 42, p.accent) + path("M142 262q60 -40 120 0v28H142z", p.dark),
        sprig(202, 286, 128, p, c),
        path("M202 150l52 118H150z", p.accent) + circle(202, 226, 17, p.paper),
        "".join(ring(202, 216, r, p.accent, 7) for r in (18, 34, 50)),
        circle(222, 176, 24, p.light) + path("M142 280l40 -70l30 36l18 -22l34 56z", p.accent),
        path("M162 268V196l40 -34l40 34v72z", p.accent) + rect(190, 232, 24, 36, p.dark),
        path("M142 246q30 -30 60 0t60 0v34H142z", p.accent) + path("M172 236h60l-12 18h-36zM200 168v60h-28zM206 182v46h24z", p.paper),
        circle(202, 208, 50, p.accent) + circle(222, 194, 44, p.main),
        "".join(rect(152 + 20 * k, 276 - h, 13, h, p.accent) for k, h in enumerate((44, 88, 62, 112, 74))),
        path("M150 216q52 -64 104 0q-52 64 -104 0z", p.paper) + circle(202, 216, 25, p.accent) + circle(202, 216, 11, p.ink),
    ))  # fmt: skip


def book(p: Palette, c: Choice) -> str:
    names = ("plain", "plain", "bands", "stripes", "dots", "plain", "checks")
    cover = rect(124, 70, 156, 250, p.main, r=5)
    title = rect(150, 98, 104, 9, p.paper, r=2) + rect(166, 116, 72, 7, p.paper, r=2)
    foot = rect(172, 300, 60, 5, p.paper, r=2)
    return group(
        rect(136, 84, 164, 250, p.ink, r=6, more='opacity=".14"'), path("M130 320h160V80h-10v230H130z", p.paper), line("M284 84v232", p.metal, 2),
        patterned(cover, (124, 70, 156, 250), p, c, names=names), rect(138, 84, 128, 48, p.main) + title, _emblem(p, c), foot,
        rect(124, 70, 12, 250, p.dark, r=4), turn=c.between(-9, 9),
    )  # fmt: skip


def books(p: Palette, c: Choice) -> str:
    """A pile of books with something on top."""
    pile, y = [], 320.0
    for colour in (p.main, p.accent, p.dark, p.light)[: c.whole(3, 4)]:
        height, width, shift = c.between(32, 46), c.between(160, 204), c.between(-12, 12)
        y -= height
        x = 200 + shift - width / 2
        pile.append(rect(x, y, width, height, colour, r=5) + rect(x + width - 16, y + 6, 16, height - 12, p.paper) + rect(x + 16, y, 9, height, p.paper, more='opacity=".5"'))
    top = c.pick((circle(210, y - 28, 28, p.accent_dark) + line(f"M210 {n(y - 54)}q4 -16 16 -18", p.leaf_dark, 5), path(f"M170 {n(y - 58)}h66v58h-66z", p.paper) + ring(240, y - 32, 16, p.paper, 8)))
    return shadow(p, 220) + "".join(pile) + top


def record(p: Palette, c: Choice) -> str:
    sleeve = rect(76, 96, 208, 208, p.main, r=4)
    disc = circle(258, 200, 96, p.ink) + "".join(ring(258, 200, r, p.metal_dark, 1) for r in (50, 62, 74, 86)) + circle(258, 200, 34, p.accent) + circle(258, 200, 6, p.paper)
    names = ("bands", "dots", "stripes", "zigzag", "waves", "checks", "plain")
    art = clip_path("s", sleeve) + group(f'<g transform="translate(-22 -14)">{group(_emblem(p, c), turn=c.pick((0, 0, 45, 180)), at=(202, 214))}</g>' if c.chance(0.5) else circle(c.between(120, 240), c.between(140, 260), c.between(44, 84), p.accent) + circle(c.between(110, 250), c.between(130, 270), c.between(24, 54), p.paper), clip="s")
    return rect(84, 108, 208, 208, p.ink, r=4, more='opacity=".13"') + disc + patterned(sleeve, (76, 96, 208, 208), p, c, names=names) + art


def turntable(p: Palette, c: Choice) -> str:
    plinth = rect(74, 92, 252, 216, p.main, r=c.pick((10, 26)))
    return rect(82, 106, 252, 216, p.ink, r=16, more='opacity=".14"') + plinth + circle(176, 200, 86, p.metal) + circle(176, 200, 82, p.ink) + "".join(ring(176, 200, r, p.metal_dark, 1) for r in (46, 56, 66, 75)) + circle(176, 200, 29, p.accent) + circle(176, 200, 5, p.paper) + circle(290, 130, 19, p.light) + line(f"M290 130V214L{n(c.between(222, 244))} 246", p.metal, 8) + circle(290, 130, 9, p.metal_dark) + circle(292, 280, 11, p.dark) + rect(90, 286, 44, 7, p.dark, r=3)


def headphones(p: Palette, c: Choice) -> str:
    r = c.between(92, 106)
    names = ("plain", "bands", "plain", "stripes")
    left = rect(200 - r - 30, 198, 54, 104, p.main, r=24)
    return (
        shadow(p, 190, 330) + line(f"M{n(200 - r)} 226a{n(r)} {n(r + 26)} 0 0 1 {n(2 * r)} 0", p.dark, c.between(16, 26)) + line(f"M{n(200 - r + 22)} 140a{n(r)} {n(r)} 0 0 1 {n(2 * r - 44)} 0", p.accent, 8)
        + rect(200 - r + 12, 206, 26, 88, p.ink, r=13) + rect(162 + r, 206, 26, 88, p.ink, r=13) + patterned(left, (170 - r, 198, 54, 104), p, c, names=names) + rect(176 + r, 198, 54, 104, p.main, r=24)
        + rect(200 - r - 20, 216, 10, 44, p.light, r=5) + rect(208 + r, 216, 8, 44, p.light, r=4)
    )  # fmt: skip


def earbuds(p: Palette, c: Choice) -> str:
    bud = path("M132 120q0 -34 36 -34t36 36q0 28 -24 34v74q0 12 -12 12t-12 -12v-76q-24 -8 -24 -34z", p.main) + ellipse(146, 118, 17, 25, p.dark) + circle(178, 112, 5, p.accent)
    case = rect(112, 250, 176, 76, p.light, r=34) + rect(112, 280, 176, 4, p.dark) + circle(200, 300, 5, p.accent)
    return shadow(p, 180, 330) + case + group(bud, turn=-8, at=(168, 160)) + f'<g transform="translate(404 0) scale(-1 1)">{group(bud, turn=-8, at=(168, 160))}</g>'


def speaker(p: Palette, c: Choice) -> str:
    if c.chance(0.4):  # a portable one, lying
        body = rect(74, 150, 252, 150, p.main, r=c.pick((30, 74)))
        holes = "".join(circle(112 + 22 * column + (11 if row % 2 else 0), 182 + 21 * row, 5, p.dark) for row in range(5) for column in range(8))
        return shadow(p, 230, 312) + line("M120 152q0 -44 80 -44t80 44", p.wood, 11) + body + holes + rect(180, 300, 40, 8, p.dark, r=3)
    width = c.between(130, 158)
    x = 200 - width / 2
    names = ("plain", "plain", "stripes", "bands")
    return shadow(p, width + 50, 328) + patterned(rect(x, 72, width, 250, p.main, r=c.pick((8, 30))), (x, 72, width, 250), p, c, names=names) + circle(200, 132, 31, p.ink) + circle(200, 132, 15, p.metal) + circle(200, 240, 56, p.ink) + circle(200, 240, 43, p.dark) + circle(200, 240, 19, p.light) + circle(200, 180, 4, p.accent)


def microphone(p: Palette, c: Choice) -> str:
    grille = "".join(line(f"M156 {y}h88", p.metal_dark, 3) for y in (100, 116, 132, 148))
    return shadow(p, 150) + line("M128 168q0 76 72 76t72 -76M200 244v58", p.ink, 11) + rect(152, 66, 96, 158, p.main, r=48) + clip_path("g", rect(152, 66, 96, 158, p.main, r=48)) + group(rect(152, 66, 96, 96, p.metal), grille, clip="g") + rect(150, 160, 100, 10, p.accent) + rect(140, 300, 120, 20, p.ink, r=10)


def dice(p: Palette, c: Choice) -> str:
    def die(x: float, y: float, turn: float, colour: str, dots: int) -> str:
        places = {1: ((0, 0),), 2: ((-1, -1), (1, 1)), 3: ((-1, -1), (0, 0), (1, 1)), 4: ((-1, -1), (1, -1), (-1, 1), (1, 1)), 5: ((-1, -1), (1, -1), (0, 0), (-1, 1), (1, 1)), 6: ((-1, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (1, 1))}[dots]
        pips = "".join(circle(x + 27 * dx, y + 27 * dy, 9, p.paper) for dx, dy in places)
        return group(rect(x - 46, y - 46, 104, 104, p.ink, r=22, more='opacity=".12"'), rect(x - 52, y - 52, 104, 104, colour, r=20), pips, turn=turn, at=(x, y))

    return die(146, 168, c.between(-24, -8), p.main, c.whole(2, 6)) + die(248, 242, c.between(8, 28), p.accent_dark, c.whole(1, 6))


def cards(p: Palette, c: Choice) -> str:
    suits = ("M200 252l-44 -46a25 25 0 0 1 44 -26a25 25 0 0 1 44 26z", "M200 160l42 52l-42 52l-42 -52z", "M200 160q52 44 40 68q-12 18 -34 6l8 26h-28l8 -26q-22 12 -34 -6q-12 -24 40 -68z")
    back = rect(128, 84, 144, 216, p.main, r=14)
    inner = f'<rect x="140" y="96" width="120" height="192" rx="8" fill="none" stroke="{p.paper}" stroke-width="4"/>'
    fan = group(patterned(back, (128, 84, 144, 216), p, c, names=("checks", "dots", "zigzag", "waves")), inner, turn=c.between(-24, -16), at=(200, 330)) + group(rect(128, 84, 144, 216, p.accent, r=14), inner, turn=-4, at=(200, 330))
    face = group(rect(128, 84, 144, 216, p.paper, r=14), path(c.pick(suits), p.main), circle(152, 110, 8, p.main), circle(248, 274, 8, p.main), turn=c.between(10, 18), at=(200, 330))
    return ellipse(206, 322, 110, 11, p.ink, more='opacity=".12"') + fan + face


def game_box(p: Palette, c: Choice) -> str:
    lid = path("M92 150l118 -54l104 62l-118 60z", p.main)
    art_ = ellipse(203, 157, 48, 25, p.light) + path("M203 128l13 22l24 7l-24 9l-13 20l-13 -20l-24 -9l24 -7z", p.accent)
    pawn = circle(318, 246, 17, p.accent) + path("M300 318q4 -52 18 -52t18 52z", p.accent)
    die = group(rect(84, 272, 44, 44, p.paper, r=9), circle(97, 285, 4.5, p.ink), circle(115, 303, 4.5, p.ink), circle(106, 294, 4.5, p.ink), turn=c.between(-14, 18), at=(106, 294))
    return shadow(p, 250, 318) + path("M92 150v92l104 68v-92z", p.dark) + path("M314 158v92l-118 60v-92z", p.accent_dark) + lid + art_ + path("M104 174l80 50v18l-80 -50z", p.light) + pawn + die


def puzzle(p: Palette, c: Choice) -> str:
    piece = "M{x} {y}h30q-10 -30 15 -30t15 30h30v30q30 -10 30 15t-30 15v30h-30q10 30 -15 30t-15 -30h-30v-30q-30 10 -30 -15t30 -15z"
    spots = ((76, 96, p.main, c.between(-8, 8)), (196, 110, p.accent, c.between(4, 22)), (96, 222, p.dark, c.between(-16, 4)), (214, 232, p.light, c.between(-12, 12)))
    return "".join(group(path(piece.format(x=x + 10, y=y + 8), p.ink, more='opacity=".1"'), path(piece.format(x=x + 4, y=y), colour), turn=turn, at=(x + 45, y + 45)) for x, y, colour, turn in spots)


def bear(p: Palette, c: Choice) -> str:
    return _toy(p, c, circle(142, 100, 29, p.main) + circle(258, 100, 29, p.main) + circle(142, 100, 15, p.light) + circle(258, 100, 15, p.light))


def rabbit(p: Palette, c: Choice) -> str:
    return _toy(p, c, ellipse(164, 74, 19, 54, p.main) + ellipse(236, 74, 19, 54, p.main) + ellipse(164, 78, 9, 38, p.light) + ellipse(236, 78, 9, 38, p.light))


def fox(p: Palette, c: Choice) -> str:
    tail = path("M252 300q84 10 76 -84q-50 10 -76 60z", p.dark) + path("M328 216q-22 6 -36 20q16 10 30 8q6 -12 6 -28z", p.paper)
    return _toy(p, c, tail + path("M130 138L128 66l58 36zM270 138l2 -72l-58 36z", p.main) + path("M142 116l-2 -28l24 14zM258 116l2 -28l-24 14z", p.dark))


def penguin(p: Palette, c: Choice) -> str:
    face = ellipse(176, 150, 30, 34, p.paper) + ellipse(224, 150, 30, 34, p.paper) + ellipse(200, 246, 56, 68, p.paper)
    return shadow(p, 170, 328) + ellipse(162, 318, 32, 13, p.accent) + ellipse(238, 318, 32, 13, p.accent) + ellipse(112, 224, 20, 62, p.dark, more='transform="rotate(14 112 224)"') + ellipse(288, 224, 20, 62, p.dark, more='transform="rotate(-14 288 224)"') + ellipse(200, 206, 90, 116, p.main) + face + circle(178, 146, 7, p.ink) + circle(222, 146, 7, p.ink) + path("M184 166h32l-16 22z", p.accent)


def elephant(p: Palette, c: Choice) -> str:
    ears = ellipse(118, 168, 50, 62, p.dark) + ellipse(282, 168, 50, 62, p.dark) + ellipse(122, 170, 30, 42, p.light) + ellipse(278, 170, 30, 42, p.light)
    return shadow(p, 190, 328) + ellipse(150, 310, 36, 22, p.dark) + ellipse(250, 310, 36, 22, p.dark) + ellipse(200, 270, 78, 58, p.main) + ears + circle(200, 162, 74, p.main) + line("M200 190q-4 54 14 62q24 4 22 -20", p.dark, 26) + circle(170, 148, 7, p.ink) + circle(230, 148, 7, p.ink)


def _toy(p: Palette, c: Choice, ears: str) -> str:
    scarf = rect(148, 212, 104, 22, p.accent, r=11) + rect(216, 222, 24, 54, p.accent_dark, r=8)
    return shadow(p, 190, 328) + ears + ellipse(150, 310, 36, 22, p.dark) + ellipse(250, 310, 36, 22, p.dark) + ellipse(200, 262, 72, 66, p.main) + ellipse(200, 272, 42, 42, p.light) + ellipse(126, 254, 22, 40, p.dark) + ellipse(274, 254, 22, 40, p.dark) + circle(200, 154, 72, p.main) + ellipse(200, 178, 34, 27, p.light) + ellipse(200, 166, 13, 9, p.ink) + line("M200 174v12q-10 10 -18 2M200 186q10 10 18 2", p.ink, 4) + circle(172, 144, 7, p.ink) + circle(228, 144, 7, p.ink) + (scarf if c.chance(0.5) else "")


def blocks(p: Palette, c: Choice) -> str:
    def block(x: float, y: float, colour: str, mark: str) -> str:
        return rect(x, y, 84, 84, colour, r=10) + mark

    star = "M{x} {y}l8 17l19 3l-14 13l4 19l-17 -9l-17 9l4 -19l-14 -13l19 -3z"
    return (
        shadow(p, 240, 322) + block(106, 236, p.main, circle(148, 278, 23, p.light)) + block(198, 236, p.accent, path(star.format(x=240, y=256), p.paper))
        + group(block(152, 148, p.dark, path("M194 166l24 44h-48z", p.accent)), turn=c.between(-8, 8), at=(194, 232)) + path(f"M{n(152 + c.between(-8, 8))} 148l42 -62l42 62z", p.accent_dark)
    )  # fmt: skip


def rings(p: Palette, c: Choice) -> str:
    colours = [p.main, p.accent, p.light, p.dark, p.accent_dark]
    return shadow(p, 200) + rect(192, 90, 16, 220, p.wood, r=8) + "".join(rect(108 + 14 * k, 270 - 42 * k, 184 - 28 * k, 40, colours[k], r=20) for k in range(4)) + circle(200, 92, 24, colours[4]) + rect(126, 308, 148, 13, p.wood_dark, r=6)


def train(p: Palette, c: Choice) -> str:
    wheels = "".join(circle(x, 300, 25, p.ink) + circle(x, 300, 10, p.accent) for x in (126, 192, 262))
    smoke = "".join(circle(x, y, r, p.paper, more='opacity=".8"') for x, y, r in ((270, 118, 15), (250, 92, 20), (216, 74, 15)))
    return shadow(p, 250, 326) + smoke + rect(92, 276, 216, 18, p.wood_dark, r=8) + rect(100, 152, 84, 128, p.main, r=10) + rect(118, 172, 48, 44, p.paper, r=6) + rect(176, 204, 118, 76, p.dark, r=18) + rect(258, 146, 30, 64, p.accent, r=4) + rect(250, 138, 46, 16, p.accent_dark, r=5) + rect(90, 138, 104, 20, p.accent_dark, r=8) + circle(292, 242, 10, p.accent) + wheels


def car(p: Palette, c: Choice) -> str:
    wheels = "".join(circle(x, 284, 33, p.ink) + circle(x, 284, 14, p.metal) for x in (136, 266))
    return shadow(p, 260, 318) + path("M70 270v-34q0 -22 24 -26l34 -6l30 -50q8 -14 26 -14h52q16 0 26 14l28 46q44 6 44 36v34q0 10 -10 10H80q-10 0 -10 -10z", p.main) + path("M146 204l24 -38q6 -8 16 -8h12v46zM212 158h20q10 0 16 8l24 38h-60z", p.paper) + rect(70, 240, 264, 12, p.light) + circle(322, 236, 9, p.accent) + wheels


def rocket(p: Palette, c: Choice) -> str:
    stars = "".join(circle(c.between(50, 350), c.between(50, 340), 4, p.paper) for _ in range(9))
    return stars + group(path("M176 290q24 70 48 0z", p.accent), path("M158 220q-40 20 -38 84l50 -30zM242 220q40 20 38 84l-50 -30z", p.dark), path("M200 56q62 72 42 230h-84q-20 -158 42 -230z", p.main), path("M200 56q28 32 38 78h-76q10 -46 38 -78z", p.accent_dark), circle(200, 182, 27, p.metal), circle(200, 182, 19, p.paper), rect(160, 262, 80, 10, p.light), turn=c.between(14, 34))


def kite(p: Palette, c: Choice) -> str:
    bows = "".join(path(f"M{x} {y}l-13 -8v16zM{x} {y}l13 -8v16z", p.accent_dark) for x, y in ((178, 290), (208, 318), (184, 346)))
    return group(line("M200 258q-46 24 -18 54t2 74", p.ink, 3), bows, path("M200 50L296 146L200 262L104 146z", p.main), path("M200 50L296 146H200z", p.light), path("M104 146H200V262z", p.accent), line("M200 50V262M104 146H296", p.ink, 3), turn=c.between(8, 30))


def duck(p: Palette, c: Choice) -> str:
    return shadow(p, 220, 326) + path("M92 214q40 30 76 4q-24 -30 -14 -70q14 -46 60 -40q46 8 42 62q-2 26 -14 40q50 10 50 50q0 44 -60 44h-70q-70 0 -70 -90z", p.main) + path("M160 250q46 -26 84 4q-16 34 -50 30q-28 -6 -34 -34z", p.dark) + path("M252 146l50 10q-6 22 -50 20z", p.accent) + circle(222, 142, 8, p.ink) + "".join(circle(x, 306, 20, p.accent_dark) + circle(x, 306, 7, p.paper) for x in (138, 250)) + line("M302 286q26 4 44 30", p.wood, 5)


def ball(p: Palette, c: Choice) -> str:
    r = 106
    kind = c.pick(("beach", "football", "stripe", "basket"))
    if kind == "football":
        marks = path("M200 158l40 29l-15 47h-50l-15 -47z", p.ink) + line("M200 158V96M240 187l58 -20M225 234l36 50M175 234l-36 50M160 187l-58 -20", p.ink, 6) + "".join(path("M180 92h40l-20 22z", p.ink, more=f'transform="rotate({turn} 200 200)"') for turn in range(0, 360, 72))
        return shadow(p, 170, 322) + circle(200, 204, r, p.light) + clip_path("b", circle(200, 204, r, p.light)) + group(marks, clip="b")
    marks = {
        "beach": "".join(path(f"M200 130q{n(w)} 80 0 190q{n(-w * 0.3)} -80 0 -190z", colour) for w, colour in ((-170, p.accent), (70, p.paper), (170, p.accent_dark))),
        "stripe": rect(90, 180, 220, 26, p.paper) + rect(90, 216, 220, 12, p.accent),
        "basket": line("M94 204h212M200 98v212M128 120q70 84 0 168M272 120q-70 84 0 168", p.ink, 5),
    }[kind]  # fmt: skip
    return shadow(p, 170, 322) + circle(200, 204, r, p.main) + clip_path("b", circle(200, 204, r, p.main)) + group(marks, clip="b", turn=c.between(-30, 30), at=(200, 204)) + ellipse(166, 150, 24, 14, p.paper, more='opacity=".45" transform="rotate(-35 166 150)"')
