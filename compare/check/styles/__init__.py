"""What is no function of data and parameters, made into one: classes that train, halves, parts of a chain."""
