"""What the catalogue tells whoever listens."""

from django.dispatch import Signal

# Sent when a person opens a product's page: request (HttpRequest), product (Product), now (datetime).
product_viewed = Signal()
