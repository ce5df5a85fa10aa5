"""Where the pages' feedback goes, and the account's pages."""

from django.urls import path

from feedback import account_views, views

app_name = "feedback"
urlpatterns = [
    path("feedback/rate/", views.rate_product, name="rate"),
    path("feedback/dismiss/", views.dismiss_product, name="dismiss"),
    path("feedback/wish/", views.wish_product, name="wish"),
    path("accounts/", account_views.overview, name="account"),
    path("accounts/ratings/", account_views.my_ratings, name="ratings"),
    path("accounts/wishlist/", account_views.wishlist, name="wishlist"),
    path("accounts/not-interested/", account_views.dismissed, name="dismissed"),
    path("accounts/data/", account_views.privacy, name="privacy"),
    path("accounts/data/personalisation/", account_views.switch_personalisation, name="consent"),
    path("accounts/data/download/", account_views.download, name="download"),
    path("accounts/data/delete/", account_views.delete_data, name="delete"),
]
