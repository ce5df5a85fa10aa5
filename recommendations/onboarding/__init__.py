"""What a new shopper is asked about, and the list that grows from the answers."""
