"""Colours: named in a title or drawn by lot, and the harmonious palette around each.

Colours are mixed in OKLCH, where equal numbers look equally light and strong whatever the hue.
Björn Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from catalog.art.choice import Choice

# name -> (lightness 0..1, chroma, hue in degrees)
NAMED: dict[str, tuple[float, float, float]] = {
    "oat": (0.83, 0.04, 85),
    "sage": (0.70, 0.055, 145),
    "terracotta": (0.62, 0.12, 42),
    "charcoal": (0.38, 0.012, 260),
    "cream": (0.90, 0.045, 92),
    "sky": (0.77, 0.075, 235),
    "ochre": (0.71, 0.125, 75),
    "blush": (0.82, 0.06, 20),
    "slate": (0.52, 0.035, 250),
    "moss": (0.55, 0.08, 128),
    "forest": (0.45, 0.075, 155),
    "rust": (0.54, 0.13, 40),
    "navy": (0.38, 0.085, 262),
    "plum": (0.44, 0.10, 340),
    "mustard": (0.76, 0.14, 85),
    "teal": (0.55, 0.085, 200),
    "sand": (0.79, 0.055, 78),
    "rose": (0.67, 0.115, 10),
    "olive": (0.58, 0.085, 112),
    "ink": (0.33, 0.05, 275),
    "coral": (0.70, 0.145, 30),
    "mint": (0.82, 0.075, 165),
    "lilac": (0.74, 0.085, 305),
    "cobalt": (0.52, 0.15, 262),
    "brick": (0.52, 0.13, 32),
    "butter": (0.89, 0.085, 95),
    "cocoa": (0.46, 0.06, 45),
    "honey": (0.75, 0.125, 78),
    "white": (0.95, 0.008, 95),
    "ivory": (0.93, 0.025, 95),
    "copper": (0.63, 0.105, 48),
    "brass": (0.75, 0.09, 88),
    "steel": (0.72, 0.012, 240),
    "walnut": (0.47, 0.055, 55),
    "oak": (0.75, 0.065, 75),
    "red": (0.58, 0.18, 27),
    "pink": (0.78, 0.10, 5),
    "green": (0.60, 0.11, 148),
    "blue": (0.56, 0.12, 255),
    "yellow": (0.85, 0.14, 95),
    "black": (0.30, 0.01, 270),
    "purple": (0.50, 0.12, 310),
    "orange": (0.72, 0.15, 58),
    "grey": (0.65, 0.01, 260),
    "silver": (0.80, 0.008, 250),
    "gold": (0.76, 0.11, 85),
}
# What a product gets when its title names no colour.
BY_LOT = (
    "terracotta", "sage", "ochre", "slate", "forest", "rust", "navy", "plum", "mustard", "teal", "rose",
    "olive", "coral", "cobalt", "brick", "lilac", "sky", "moss",
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Palette:
    """The colours of one picture, as #rrggbb.

    ground and ground2: the backdrop and the shape on it. main, dark, light: the product and its shades.
    accent, accent_dark: what goes with it. paper: off-white. ink: the darkest. leaf, wood and metal:
    materials, tinted to belong. warm: flames, yolks and slices of orange.
    """

    ground: str
    ground2: str
    main: str
    dark: str
    light: str
    accent: str
    accent_dark: str
    paper: str
    ink: str
    leaf: str
    leaf_dark: str
    wood: str
    wood_dark: str
    metal: str
    metal_dark: str
    warm: str


def palette_for(title: str, choice: Choice) -> Palette:
    """The palette around the colour that the title names last, else around one drawn by lot."""
    named = [word for word in WORD.findall(title.lower()) if word in NAMED]
    lightness, chroma, hue = NAMED[named[-1] if named else choice.pick(BY_LOT)]
    # A backdrop close to the product's own hue, or across the wheel, or a warm neutral; never as strong.
    turn = choice.pick((0, 25, -30, 150, 180, 205, 60))
    back = hue + turn
    strength = choice.between(0.025, 0.055)
    # Light products need a backdrop with more body to stand out from.
    level = choice.between(0.885, 0.925) if lightness < 0.8 else choice.between(0.74, 0.80)
    step = choice.pick((-0.055, -0.075, 0.04))
    other = hue + choice.pick((165, 195, 130, -130, 50, -60))
    return Palette(
        ground=oklch(level, strength, back),
        ground2=oklch(level + step, strength * (1.3 if step < 0 else 0.6), back + choice.pick((0, 12, -14))),
        main=oklch(lightness, chroma, hue),
        dark=oklch(max(0.2, lightness - 0.11), chroma * 1.02, hue - 4),
        light=oklch(min(0.97, lightness + 0.09), chroma * 0.75, hue + 4),
        accent=oklch(0.72, 0.115, other),
        accent_dark=oklch(0.58, 0.11, other - 4),
        paper=oklch(0.97, 0.012, 90),
        ink=oklch(0.31, 0.03, hue),
        leaf=oklch(0.60, 0.095, 145 + choice.between(-18, 14)),
        leaf_dark=oklch(0.47, 0.08, 150 + choice.between(-12, 12)),
        wood=oklch(0.71, 0.075, 65 + choice.between(-8, 8)),
        wood_dark=oklch(0.56, 0.07, 55),
        metal=oklch(0.80, 0.012, back),
        metal_dark=oklch(0.62, 0.018, back),
        warm=oklch(0.79, 0.14, choice.between(62, 84)),
    )  # fmt: skip


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """#rrggbb of an OKLCH colour; one outside what screens show is made paler until it is inside."""
    for _ in range(20):
        channels = _linear_rgb(lightness, chroma, hue)
        if all(-0.0005 <= channel <= 1.0005 for channel in channels):
            break
        chroma *= 0.9
    return "#" + "".join(f"{_byte(channel):02x}" for channel in channels)


def _linear_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _byte(channel: float) -> int:
    channel = min(1.0, max(0.0, channel))
    encoded = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    return round(encoded * 255)
