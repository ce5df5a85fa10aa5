"""How your recommendations are made: the page that says it."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from recommendations.about import Measure, measures, percentage
from recommendations.model_facts import Contender, Figure, ModelFacts, live_model_facts
from recommendations.models import ModelVersion
from tests.pages import text_of
from tests.shop import open_trained_shop
from tests.shops import make_shop

pytestmark = pytest.mark.django_db
PAGE = "/about/recommendations/"


def test_without_a_model_it_says_what_is_shown_instead(client: Client) -> None:
    words = text_of(client.get(PAGE))
    assert "There is no model yet" in words
    assert "How good is it?" not in words


def test_it_shows_the_model_that_serves_and_its_figures_beside_the_simpler_methods(client: Client) -> None:
    make_shop(shoppers=40)
    call_command("train_model", stdout=StringIO())
    version = ModelVersion.objects.get(is_live=True)
    facts = live_model_facts(now=datetime.now(tz=UTC))
    assert facts is not None
    assert [each.is_own for each in facts.contenders] == [True, *[False] * (len(facts.contenders) - 1)]
    page = client.get(PAGE)
    words = text_of(page)
    assert f"Version {version.pk}" in words
    assert facts.title in words
    assert f"signals of {version.shopper_count} shoppers" in words
    for contender in facts.contenders:
        for figure in contender.figures:
            assert f"{contender.title} {percentage(figure.value)}" in words
    assert page.content.decode().count('<svg class="figures-picture"') == len(facts.contenders[0].figures)


def test_it_leads_to_where_the_shopper_is_in_charge(client: Client) -> None:
    page = client.get(PAGE).content.decode()
    for address in ("/accounts/ratings/", "/accounts/not-interested/", "/accounts/data/"):
        assert f'href="{address}"' in page


def test_every_page_and_every_reason_leads_here(client: Client) -> None:
    shop = open_trained_shop()
    page = client.get("/recommendations/", {"shopper": shop.gardener.external_id}).content.decode()
    panel = page[page.index('class="why-panel"') : page.index("</details>", page.index('class="why-panel"'))]
    footer = page[page.index('class="site-footer"') :]
    assert f'href="{PAGE}"' in panel
    assert f'href="{PAGE}"' in footer


def test_its_queries_do_not_grow(client: Client, django_assert_max_num_queries: Any) -> None:
    open_trained_shop()
    client.get(PAGE)
    with django_assert_max_num_queries(6):
        client.get(PAGE)


def contender(title: str, value: float, *, is_own: bool = False, high: float | None = None) -> Contender:
    low = None if high is None else value / 2
    return Contender(title, (Figure("NDCG@10", "how near the top it stands", value, low, high),), is_own)


def facts(*contenders: Contender) -> ModelFacts:
    return ModelFacts(
        version=1, algorithm="ease", title="T", words="W", settings="", trials=None, rmse=None,
        made_at=datetime(2026, 6, 1, tzinfo=UTC), age_seconds=1, ratings=1, interactions=1, shoppers=1,
        products=1, contenders=contenders, asked=9,
    )  # fmt: skip


def test_the_longest_bar_fills_the_picture_and_the_others_are_in_proportion() -> None:
    own, other = contender("This model", 0.2, is_own=True), contender("Popularity", 0.05)
    (found,) = measures(facts(own, other))
    picture = found.picture
    assert 'class="own" x="0" y="23" width="336.0"' in picture
    assert 'class="other" x="0" y="69" width="84.0"' in picture
    assert found.in_words == "How near the top it stands: This model 20.0 %, Popularity 5.0 %."
    assert "interval" not in picture


def test_an_interval_is_drawn_where_it_is_known() -> None:
    (found,) = measures(facts(contender("This model", 0.2, is_own=True, high=0.4)))
    assert 'class="interval" d="M84.0 33H336.0M84.0 29v8M336.0 29v8"' in found.picture


def test_a_figure_of_nothing_at_all_is_drawn_too() -> None:
    (found,) = measures(facts(contender("This model", 0.0, is_own=True)))
    assert 'width="2.0"' in found.picture


def test_a_method_that_lacks_a_measure_is_left_out_and_without_an_own_one_nothing_is_drawn() -> None:
    lacking = Contender("Old", ())
    (found,) = measures(facts(contender("This model", 0.1, is_own=True), lacking))
    assert [title for title, _, _ in found.rows] == ["This model"]
    assert measures(facts(contender("Other", 0.1))) == []
    assert measures(None) == []


def test_names_are_text_in_the_picture() -> None:
    figure = Figure("N", "words", 0.5)
    picture = Measure("words", "N", (("<b>Mine</b>", figure, True),)).picture
    assert "<b>" not in picture
    assert "&lt;b&gt;Mine" in picture


@pytest.mark.parametrize(
    ("share", "words"), [(None, "–"), (0.0, "0.0 %"), (0.1234, "12.3 %"), (1.0, "100.0 %")]
)
def test_shares_are_told_in_percent(share: float | None, words: str) -> None:
    assert percentage(share) == words
