"""The addresses of ratings and events under /api/v1/."""

from django.urls import path

from feedback.api import views

urlpatterns = [
    path("shoppers/<str:shopper_id>/ratings", views.ShopperRatings.as_view(), name="shopper-ratings"),
    path("shoppers/<str:shopper_id>/ratings/<str:sku>", views.RatingOfShopper.as_view(), name="rating"),
    path("ratings", views.RatingList.as_view(), name="ratings"),
    path("events", views.EventList.as_view(), name="events"),
]
