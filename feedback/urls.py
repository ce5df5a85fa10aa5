"""Where the pages' feedback goes, and the visitor's own ratings."""

from django.urls import path

from feedback import views

app_name = "feedback"
urlpatterns = [
    path("feedback/rate/", views.rate_product, name="rate"),
    path("feedback/dismiss/", views.dismiss_product, name="dismiss"),
    path("accounts/ratings/", views.my_ratings, name="ratings"),
]
