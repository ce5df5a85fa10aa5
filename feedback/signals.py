"""What the feedback app tells whoever listens."""

from django.dispatch import Signal

# Sent after the commit, once per write: shopper_ids (set of int), rated (int, how many ratings changed),
# last_change (int, the number of the newest `RatingChange`; None when no rating changed).
feedback_recorded = Signal()

# Sent after the commit that deleted shoppers and all they did, until every listener has managed without an
# exception, and then on for a minute (`feedback.outbox`): shopper_ids (list of int).
shoppers_forgotten = Signal()
