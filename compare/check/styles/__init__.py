"""What is no function of data and parameters, made into one: classes that train, halves of a gradient, parts of a chain."""
