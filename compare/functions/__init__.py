"""Sums, products, softmax and the like of anyone's, held against the exact answer and a derived rounding bound."""
