"""The demo shop's catalogue: words in `departments/*.toml`, put together by a seed. No database here."""
