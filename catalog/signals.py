"""What the catalogue tells whoever listens."""

from django.dispatch import Signal

# Sent when a person opens a product's page: request (HttpRequest), product (Product), now (datetime).
product_viewed = Signal()

# Sent when a shopper puts a product into the basket or takes it out: request, product, is_in (bool), now.
basket_changed = Signal()

# Sent inside the order's transaction, last of all, for whoever must not miss one to note it: request, order.
order_noted = Signal()

# Sent after the commit, once per order: request (HttpRequest of the buyer), order (Order).
order_placed = Signal()
