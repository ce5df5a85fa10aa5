"""The catalogue's pages."""

from django.urls import path

from catalog import basket_views, both_views, order_views, views
from catalog.pictures import product_picture
from catalog.uploads import uploaded

app_name = "catalog"
urlpatterns = [
    path("media/<path:path>", uploaded, name="uploaded"),
    path("products/", views.product_list, name="products"),
    path("search/suggest/", views.suggest_products, name="suggest"),
    path("products/<str:sku>/picture.svg", product_picture, name="picture"),
    path("products/<str:sku>/", views.product_detail, name="product"),
    path("basket/", basket_views.basket_page, name="basket"),
    path("basket/add/", basket_views.add_to_basket, name="basket_add"),
    path("basket/add-both/", both_views.add_both, name="basket_add_both"),
    path("basket/change/", basket_views.change_basket, name="basket_change"),
    path("checkout/", order_views.checkout, name="checkout"),
    path("orders/<str:number>/", order_views.order_page, name="order"),
    path("accounts/orders/", order_views.my_orders, name="orders"),
]
