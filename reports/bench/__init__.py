"""A sweep over sizes as text, figures and HTML; two runs against each other as text."""
