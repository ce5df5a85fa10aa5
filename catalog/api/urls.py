"""The catalogue's addresses under /api/v1/."""

from django.urls import path

from catalog.api import views

urlpatterns = [
    path("products", views.ProductList.as_view(), name="products"),
    path("products/<str:sku>", views.OneProduct.as_view(), name="product"),
]
