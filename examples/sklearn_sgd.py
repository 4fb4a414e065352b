"""scikit-learn's SGDRegressor, as a step: it goes through the rows one by one, which is no step of the full batch."""

from sklearn.linear_model import SGDRegressor

REQUIRES = ("sklearn",)
INSTALL = "pip install scikit-learn"


def step(X, y, weights, bias, learning_rate):
    """One epoch of stochastic descent at η/2, since its loss is ½ r² of each row."""
    model = SGDRegressor(penalty=None, learning_rate="constant", eta0=float(learning_rate) / 2, shuffle=False)
    model.coef_, model.intercept_, model.t_ = weights.copy(), [bias], 1.0
    model.partial_fit(X, y)
    return model.coef_, model.intercept_[0]
