"""All algorithms on one question: of files, or of the shop's own feedback."""
