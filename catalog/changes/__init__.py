"""What lists depend on, and how every process notices at its next request that some of it has changed."""
