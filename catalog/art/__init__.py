"""A picture for every product without a photograph: flat drawings made from its words alone.

The same product gets the same picture on every machine; another one gets another, if only by its colours.
"""

from catalog.art.picture import picture

__all__ = ["picture"]
