"""The demo shop's shoppers: who they are, what they like and what they did. Random state is passed in."""

from feedback.demo.people import example_shoppers

__all__ = ["example_shoppers"]
