"""The pages that recommend. Not namespaced: home is home for the whole site."""

from django.urls import path

from recommendations import basket_views, views
from recommendations.onboarding.views import onboarding

urlpatterns = [
    path("", views.home, name="home"),
    path("rails/", views.all_rails, name="rails"),
    path("rails/<slug:key>/", views.one_rail, name="rail"),
    path("recommendations/", views.recommendations, name="recommendations"),
    path("recommendations/onboarding/", onboarding, name="onboarding"),
    path("about/recommendations/", views.about, name="about_recommendations"),
    path("basket/complete/", basket_views.complete, name="complete_basket"),
    path("shoppers/suggest/", views.suggest, name="suggest_shoppers"),
]
