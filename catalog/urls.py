"""The catalogue's pages."""

from django.urls import path

from catalog import views
from catalog.pictures import product_picture

app_name = "catalog"
urlpatterns = [
    path("products/", views.product_list, name="products"),
    path("search/suggest/", views.suggest_products, name="suggest"),
    path("products/<str:sku>/picture.svg", product_picture, name="picture"),
    path("products/<str:sku>/", views.product_detail, name="product"),
]
