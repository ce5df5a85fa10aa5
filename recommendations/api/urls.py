"""The addresses of recommendations under /api/v1/."""

from django.urls import path

from recommendations.api import views
from recommendations.api.batch import BatchRecommendations

urlpatterns = [
    path(
        "shoppers/<str:shopper_id>/recommendations",
        views.ShopperRecommendations.as_view(),
        name="shopper-recommendations",
    ),
    path("recommendations/batch", BatchRecommendations.as_view(), name="batch"),
    path("products/<str:sku>/similar", views.SimilarProducts.as_view(), name="similar"),
    path("products/<str:sku>/bought-together", views.BoughtTogether.as_view(), name="bought-together"),
    path("trending", views.Trending.as_view(), name="trending"),
    path("onboarding", views.OnboardingQuestions.as_view(), name="onboarding"),
    path("models/live", views.LiveModel.as_view(), name="live-model"),
]
