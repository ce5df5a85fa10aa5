"""The few SVG elements the pictures are drawn with, as short text."""

from __future__ import annotations

from html import escape


def number(value: float) -> str:
    """At most one decimal: a tenth of a unit cannot be seen, and every byte is sent."""
    digits = f"{value:.1f}".removesuffix(".0")
    return "0" if digits == "-0" else digits


def rect(x: float, y: float, width: float, height: float, fill: str, *, r: float = 0, more: str = "") -> str:
    corner = f' rx="{number(r)}"' if r else ""
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        f'{corner} fill="{fill}"{_more(more)}/>'
    )


def circle(x: float, y: float, r: float, fill: str, *, more: str = "") -> str:
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" fill="{fill}"{_more(more)}/>'


def ellipse(x: float, y: float, rx: float, ry: float, fill: str, *, more: str = "") -> str:
    return (
        f'<ellipse cx="{number(x)}" cy="{number(y)}" rx="{number(rx)}" ry="{number(ry)}"'
        f' fill="{fill}"{_more(more)}/>'
    )


def path(d: str, fill: str, *, more: str = "") -> str:
    return f'<path d="{d}" fill="{fill}"{_more(more)}/>'


def line(d: str, stroke: str, width: float, *, more: str = "") -> str:
    """A path that is drawn along, with round ends."""
    return (
        f'<path d="{d}" fill="none" stroke="{stroke}" stroke-width="{number(width)}"'
        f' stroke-linecap="round" stroke-linejoin="round"{_more(more)}/>'
    )


def ring(x: float, y: float, r: float, stroke: str, width: float) -> str:
    return (
        f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(r)}" fill="none" stroke="{stroke}"'
        f' stroke-width="{number(width)}"/>'
    )


def group(*parts: str, turn: float = 0, at: tuple[float, float] = (200, 200), clip: str = "") -> str:
    """Parts together, turned by degrees around a point, cut to a clip path's id."""
    turned = f' transform="rotate({number(turn)} {number(at[0])} {number(at[1])})"' if turn else ""
    clipped = f' clip-path="url(#{clip})"' if clip else ""
    return f"<g{turned}{clipped}>{''.join(parts)}</g>"


def clip_path(name: str, shape: str) -> str:
    return f'<clipPath id="{name}">{shape}</clipPath>'


def text(x: float, y: float, words: str, size: float, fill: str, *, more: str = "") -> str:
    """Centred words; whatever they contain is shown as it is."""
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-family="Georgia,serif" font-size="{number(size)}"'
        f' text-anchor="middle" fill="{fill}"{_more(more)}>{escape(words)}</text>'
    )


def _more(more: str) -> str:
    return f" {more}" if more else ""
