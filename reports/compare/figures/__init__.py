"""The figures of a comparison, one file for each question: where it went, how right it is, how fast."""
