def weight_gradient(x, y, weight, bias):
    g = 0
    for a, t in zip(x, y):
        g += 2 * (weight * a + bias - t) * a
    return g / len(x)
