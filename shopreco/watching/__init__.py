"""What operators see of a running shop: request ids, a log line and figures for every request."""
