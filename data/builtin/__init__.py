"""The built-in tables, each with its source and licence in the JSON beside it."""
