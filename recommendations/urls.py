"""The pages that recommend. Not namespaced: home is home for the whole site."""

from django.urls import path

from recommendations import views
from recommendations.onboarding.views import onboarding

urlpatterns = [
    path("", views.home, name="home"),
    path("recommendations/onboarding/", onboarding, name="onboarding"),
    path("recommendations/", views.recommendations, name="recommendations"),
    path("shoppers/suggest/", views.suggest, name="suggest_shoppers"),
]
