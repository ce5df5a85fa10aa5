"""Finding products: the index and its languages, spelling, facets, and what a listing shows."""
