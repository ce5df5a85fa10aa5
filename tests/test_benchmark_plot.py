"""benchmarks.plot: slopes, and drawings that are whole and name what they show."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.plot import Growth, growth, slope

SVG = "{http://www.w3.org/2000/svg}"
SIZES = (1e3, 1e4, 1e5, 1e6)


@given(exponent=st.floats(-1, 3), factor=st.floats(1e-3, 1e3))
def test_the_slope_of_a_power_law_is_its_exponent(exponent: float, factor: float) -> None:
    assert slope({size: factor * size**exponent for size in SIZES}) == pytest.approx(exponent, abs=1e-6)


def test_a_slope_needs_two_sizes_above_zero() -> None:
    with pytest.raises(ValueError, match="two sizes"):
        slope({10: 1})
    with pytest.raises(ValueError, match="above 0"):
        slope({10: 1, 20: 0})


def _drawn() -> ElementTree.Element:
    lines = {"p50": {size: 2e-6 * size + 0.001 for size in SIZES}, "p99 & more": dict.fromkeys(SIZES, 0.05)}
    panels = [
        Growth("Lists", "products", "ms", lines),
        Growth("Memory", "products", "MB", {"p50": lines["p50"]}),
    ]
    return ElementTree.fromstring(growth("Latency", panels))


def test_the_drawing_says_in_words_what_it_shows() -> None:
    drawing = _drawn()
    assert drawing.findtext(f"{SVG}title") == "Latency"
    told = drawing.findtext(f"{SVG}desc")
    assert told is not None
    assert "Lists: ms against products; slopes p50" in told
    assert "p99 & more 0.00" in told


def test_larger_costs_are_drawn_higher_and_larger_sizes_further_right() -> None:
    steep, flat, _ = (
        [tuple(map(float, each.split(","))) for each in one.get("points", "").split()]
        for one in _drawn().iter(f"{SVG}polyline")
    )
    assert [x for x, _ in steep] == sorted({x for x, _ in steep})
    assert [y for _, y in steep] == sorted((y for _, y in steep), reverse=True)
    assert len({y for _, y in flat}) == 1


def test_everything_lies_within_the_drawing() -> None:
    drawing = _drawn()
    width, height = map(float, drawing.get("viewBox", "").split()[2:])
    for circle in drawing.iter(f"{SVG}circle"):
        assert 0 < float(circle.get("cx", -1)) < width
        assert 0 < float(circle.get("cy", -1)) < height


def test_one_name_has_one_colour_in_all_panels() -> None:
    first, _, again = (one.get("stroke") for one in _drawn().iter(f"{SVG}polyline"))
    assert first == again


def test_axes_are_labelled_in_short_figures() -> None:
    told = {each.text for each in _drawn().iter(f"{SVG}text")}
    assert {"1k", "10k", "100k", "1M", "products", "ms"} <= told
