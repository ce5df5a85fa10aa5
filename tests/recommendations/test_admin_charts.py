"""The bar chart and the table behind it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.charts import BARS, Comparison, Row, bar_chart, figure, table

SVG = "{http://www.w3.org/2000/svg}"
NDCG = Row("NDCG@10", (0.2, 0.1, None))
RMSE = Row("RMSE", (0.95, 0.9, None), lower_is_better=True, drawn=False)


def compare(*rows: Row) -> Comparison:
    return Comparison("svd v2 beside the baselines", ("This version", "Popularity", "Item-kNN"), rows)


def drawn(comparison: Comparison) -> ET.Element:
    return ET.fromstring(bar_chart(comparison, ident="chart"))


def bars(chart: ET.Element) -> list[tuple[str, float]]:
    return [(bar.attrib["class"], float(bar.attrib["width"])) for bar in chart.iter(f"{SVG}rect")]


def test_bars_are_in_proportion_and_the_version_stands_out() -> None:
    assert bars(drawn(compare(NDCG))) == [("own", BARS), ("other", BARS / 2)]


def test_each_measure_has_a_scale_of_its_own() -> None:
    chart = drawn(compare(Row("A", (0.01, 0.02, 0.01)), Row("B", (0.9, 0.45, 0.9))))
    assert [width for _, width in bars(chart)] == [BARS / 2, BARS, BARS / 2, BARS, BARS / 2, BARS]


def test_the_chart_tells_its_figures_to_who_cannot_see_it() -> None:
    chart = drawn(compare(NDCG))
    title, description = chart.find(f"{SVG}title"), chart.find(f"{SVG}desc")
    assert title is not None and description is not None
    assert chart.attrib["role"] == "img"
    assert chart.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
    assert title.text == "svd v2 beside the baselines"
    assert description.text == "NDCG@10: This version 0.2000, Popularity 0.1000."


def test_errors_in_stars_are_in_the_table_only() -> None:
    chart = bar_chart(compare(NDCG, RMSE), ident="chart")
    assert "RMSE" not in chart
    assert "RMSE" in table(compare(NDCG, RMSE))


def test_nothing_measured_draws_nothing() -> None:
    nothing = compare(Row("NDCG@10", (None, None, None)))
    assert bar_chart(nothing, ident="chart") == ""
    assert nothing.description == "Nothing could be measured."


def test_nothing_is_drawn_for_zeros_and_below() -> None:
    assert [width for _, width in bars(drawn(compare(Row("A", (0.0, 0.0, -0.5)))))] == [0, 0, 0]


@pytest.mark.parametrize(("row", "best"), [(NDCG, "0.2000"), (RMSE, "0.9000")])
def test_the_table_marks_the_best(row: Row, best: str) -> None:
    assert f'<td class="best">{best}<span class="visually-hidden"> best</span></td>' in table(compare(row))


def test_a_single_figure_has_nothing_to_be_better_than() -> None:
    assert "best" not in table(compare(Row("RMSE", (0.9, None, None))))


def test_names_with_markup_are_text() -> None:
    nasty = Comparison("<b>t</b>", ("<i>c</i>", "d"), (Row("<u>r</u>", (0.1, 0.2), "<s>n</s>"),))
    for html in (bar_chart(nasty, ident="x"), table(nasty)):
        assert not any(tag in html for tag in ("<b>", "<i>", "<u>", "<s>"))


@given(st.lists(st.tuples(*[st.none() | st.floats(0, 1)] * 3), max_size=6))
def test_every_chart_is_well_formed_and_stays_in_its_box(rows: list[tuple[float | None, ...]]) -> None:
    comparison = compare(*(Row(f"M{number}", values) for number, values in enumerate(rows)))
    svg = bar_chart(comparison, ident="chart")
    if not svg:
        assert all(value is None for values in rows for value in values)
        return
    chart = ET.fromstring(svg)
    _, _, width, height = (float(part) for part in chart.attrib["viewBox"].split())
    for bar in chart.iter(f"{SVG}rect"):
        assert 0 <= float(bar.attrib["width"]) <= BARS
        assert float(bar.attrib["x"]) + float(bar.attrib["width"]) < width
        assert float(bar.attrib["y"]) + float(bar.attrib["height"]) <= height
    assert len(list(chart.iter(f"{SVG}rect"))) == sum(v is not None for values in rows for v in values)


def test_figures_have_four_places() -> None:
    assert (figure(0.12345678), figure(None), figure(0.0)) == ("0.1235", "–", "0.0000")
