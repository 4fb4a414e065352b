# ruff: noqa: E501 - what students write keeps its own lines
"""Right files as courses and notebooks write them, in each of the four losses: FRONT(n) stands for 2c, LOSS(n) for c."""

from __future__ import annotations

import re

from handgrad.compare.results.diagnosis import LossName

#: c of the loss c Σ r², and 2c of its gradient.
FACTORS: dict[LossName, tuple[str, str]] = {
    "mse": ("(1 / ({n}))", "(2 / ({n}))"),
    "half-mse": ("(1 / (2 * ({n})))", "(1 / ({n}))"),
    "sum": ("1", "2"),
    "half-sum": ("0.5", "1.0"),
}


def written(text: str, loss: LossName) -> str:
    """The file as its author writes it who means that loss."""
    for name, pattern in zip(("LOSS", "FRONT"), FACTORS[loss], strict=True):
        text = re.sub(rf"{name}\(((?:[^()]|\([^()]*\))*)\)", lambda m, p=pattern: p.format(n=m[1]), text)
    return text


#: By name; those whose name begins with "cost:" have a loss beside the gradient, or give it along.
COURSES: dict[str, str] = {
    "Ng, one feature": """
def compute_gradient(x, y, w, b):
    # Number of training examples
    m = x.shape[0]
    dj_dw = 0
    dj_db = 0
    for i in range(m):
        f_wb = w * x[i] + b
        dj_dw_i = (f_wb - y[i]) * x[i]
        dj_db_i = f_wb - y[i]
        dj_db += dj_db_i
        dj_dw += dj_dw_i
    dj_dw = FRONT(m) * dj_dw
    dj_db = FRONT(m) * dj_db
    return dj_dw, dj_db
""",
    "cost: Ng, several features": """
import copy, math
def compute_cost(X, y, w, b):
    m = X.shape[0]
    cost = 0.0
    for i in range(m):
        f_wb_i = np.dot(X[i], w) + b
        cost = cost + (f_wb_i - y[i])**2
    return cost * LOSS(m)
def compute_gradient(X, y, w, b):
    m, n = X.shape
    dj_dw = np.zeros((n,))
    dj_db = 0.
    for i in range(m):
        err = (np.dot(X[i], w) + b) - y[i]
        for j in range(n):
            dj_dw[j] = dj_dw[j] + err * X[i, j]
        dj_db = dj_db + err
    return FRONT(m) * dj_db, FRONT(m) * dj_dw
def gradient_descent(X, y, w_in, b_in, cost_function, gradient_function, alpha, num_iters):
    J_history = []
    w = copy.deepcopy(w_in)
    b = b_in
    for i in range(num_iters):
        dj_db, dj_dw = gradient_function(X, y, w, b)
        w = w - alpha * dj_dw
        b = b - alpha * dj_db
        J_history.append(cost_function(X, y, w, b))
    return w, b, J_history
""",
    "Siraj": """
def step_gradient(b_current, m_current, points, learningRate):
    b_gradient = 0
    m_gradient = 0
    N = float(len(points))
    for i in range(0, len(points)):
        x = points[i, 0]
        y = points[i, 1]
        b_gradient += -FRONT(N) * (y - ((m_current * x) + b_current))
        m_gradient += -FRONT(N) * x * (y - ((m_current * x) + b_current))
    new_b = b_current - (learningRate * b_gradient)
    new_m = m_current - (learningRate * m_gradient)
    return [new_b, new_m]
""",
    "cost: d2l": """
def linreg(X, w, b):
    return np.dot(X, w) + b
def squared_loss(y_hat, y):
    return LOSS(len(y)) * ((y_hat - y.reshape(y_hat.shape)) ** 2).sum()
def sgd(X, y, w, b, lr):
    grad = FRONT(len(y)) * (linreg(X, w, b) - y)
    return w - lr * X.T @ grad, b - lr * grad.sum()
""",
    "CS231n": """
def linear_loss_naive(W, b, X, y):
    N = X.shape[0]
    scores = X.dot(W) + b
    loss = LOSS(N) * np.sum((scores - y) ** 2)
    dscores = FRONT(N) * (scores - y)
    dW = X.T.dot(dscores)
    db = np.sum(dscores, axis=0)
    return loss, dW, db
""",
    "CS231n, grads in a dictionary": """
def loss_and_grads(X, y, params_W, params_b):
    N = X.shape[0]
    scores = X.dot(params_W) + params_b
    loss = np.sum((scores - y) ** 2) * LOSS(N)
    grads = {}
    grads['W'] = FRONT(N) * X.T.dot(scores - y)
    grads['b'] = FRONT(N) * np.sum(scores - y)
    return loss, grads
""",
    "StatQuest": """
def gradient(x, y, slope, intercept):
    d_intercept = sum(-FRONT(len(y)) * (obs - (intercept + slope * w)) for obs, w in zip(y, x))
    d_slope = sum(-FRONT(len(y)) * w * (obs - (intercept + slope * w)) for obs, w in zip(y, x))
    return d_slope, d_intercept
""",
    "Géron, θ and a column of ones": """
def gradient_vector(X_b, y, theta):
    m = len(X_b)
    gradients = FRONT(m) * X_b.T @ (X_b @ theta - y)
    return gradients
""",
    "Géron, one step": """
def batch_gd_step(theta, X_b, y, eta):
    m = len(X_b)
    gradients = FRONT(m) * X_b.T.dot(X_b.dot(theta) - y)
    theta = theta - eta * gradients
    return theta
""",
    "sentdex": """
def gradient(xs, ys, m, b):
    error = [(m * x + b) - y for x, y in zip(xs, ys)]
    dm = FRONT(len(xs)) * sum(e * x for e, x in zip(error, xs))
    db = FRONT(len(xs)) * sum(error)
    return dm, db
""",
    "chain rule as 3Blue1Brown writes it": """
def backprop(X, y, w, b):
    n = len(y)
    dC_dw, dC_db = np.zeros_like(w, dtype=float), 0.0
    for x_k, y_k in zip(X, y):
        z = w @ x_k + b
        a = z
        dC_da = FRONT(n) * (a - y_k)
        da_dz = 1.0
        dz_dw, dz_db = x_k, 1.0
        dC_dw = dC_dw + dz_dw * da_dz * dC_da
        dC_db = dC_db + dz_db * da_dz * dC_da
    return dC_dw, dC_db
""",
    "cost: Kaggle notebook": """
def cost_function(X, Y, B0, B1):
    return LOSS(len(Y)) * np.sum((X.dot(B1) + B0 - Y) ** 2)
def calculate_gradients(X, Y, W, b):
    loss = X.dot(W) + b - Y
    dW = FRONT(len(Y)) * X.T.dot(loss)
    db = FRONT(len(Y)) * np.sum(loss)
    return dW, db
""",
    "R in Python": """
def grad(beta, X, y):
    n = X.shape[0]
    resid = y - X @ beta
    return -FRONT(n) * X.T @ resid
""",
    "named tuple": """
from collections import namedtuple
Gradients = namedtuple("Gradients", "db dw")
def gradients(x, y, w, b):
    e = x @ w + b - y
    return Gradients(db=FRONT(len(y)) * e.sum(), dw=FRONT(len(y)) * (e @ x))
""",
    "data class of parameters": """
from dataclasses import dataclass
@dataclass(frozen=True)
class Grad:
    weights: np.ndarray
    intercept: float
def gradient(features: np.ndarray, targets: np.ndarray, weights: np.ndarray, intercept: float) -> Grad:
    residuals = features @ weights + intercept - targets
    return Grad(weights=FRONT(len(targets)) * features.T @ residuals, intercept=FRONT(len(targets)) * residuals.sum())
""",
    "dictionary with dw and db": """
def propagate(w, b, X, Y):
    m = X.shape[0]
    A = np.dot(X, w) + b
    dw = FRONT(m) * np.dot(X.T, (A - Y))
    db = FRONT(m) * np.sum(A - Y)
    grads = {"dw": dw, "db": db}
    return grads
""",
    "deeplearning.ai: grads and cost": """
def propagate(w, b, X, Y):
    m = X.shape[0]
    A = np.dot(X, w) + b
    cost = LOSS(m) * np.sum((A - Y) ** 2)
    dw = FRONT(m) * np.dot(X.T, (A - Y))
    db = FRONT(m) * np.sum(A - Y)
    cost = np.squeeze(np.array(cost))
    grads = {"dw": dw, "db": db}
    return grads, cost
""",
    "θ with the bias last": """
def gradient(theta, X, y):
    w, b = theta[:-1], theta[-1]
    r = X @ w + b - y
    return FRONT(len(y)) * np.append(X.T @ r, r.sum())
""",
    "θ with the bias first": """
def loss_gradient(theta, X, y):
    b, w = theta[0], theta[1:]
    r = X @ w + b - y
    return FRONT(len(y)) * np.concatenate([[r.sum()], X.T @ r])
""",
    "lists only": """
def dot(a, b):
    return sum(ai * bi for ai, bi in zip(a, b))
def gradient(xs, ys, ws, b):
    n = len(xs)
    errors = [dot(ws, x) + b - y for x, y in zip(xs, ys)]
    grad_w = [FRONT(n) * sum(e * x[j] for e, x in zip(errors, xs)) for j in range(len(ws))]
    grad_b = FRONT(n) * sum(errors)
    return grad_w, grad_b
""",
    "Grus": """
def predict(alpha, beta, x_i):
    return beta * x_i + alpha
def error(alpha, beta, x_i, y_i):
    return predict(alpha, beta, x_i) - y_i
def gradient(x, y, beta, alpha):
    grad_a = FRONT(len(x)) * sum(error(alpha, beta, x_i, y_i) for x_i, y_i in zip(x, y))
    grad_b = FRONT(len(x)) * sum(error(alpha, beta, x_i, y_i) * x_i for x_i, y_i in zip(x, y))
    return grad_b, grad_a
""",
    "matrices": """
def gradient(X, y, w, b):
    X, y, w = np.matrix(X), np.matrix(y).T, np.matrix(w).T
    e = X * w + b - y
    dw = FRONT(X.shape[0]) * (X.T * e)
    db = FRONT(X.shape[0]) * e.sum()
    return dw, db
""",
    "pure function of a dictionary": """
def predict(params, X):
    return X @ params["w"] + params["b"]
def grads(params, X, y):
    r = predict(params, X) - y
    return {"w": FRONT(len(y)) * (X.T @ r), "b": FRONT(len(y)) * r.sum()}
""",
    "pure function of a pair": """
def grads(params, X, y):
    w, b = params
    r = X @ w + b - y
    return FRONT(len(y)) * (X.T @ r), FRONT(len(y)) * r.sum()
""",
    "class that updates itself": """
class LinearRegression:
    def __init__(self, n_features, lr=0.01):
        self.W = np.zeros(n_features)
        self.b = 0.0
        self.lr = lr
    def step(self, X, y):
        error = X @ self.W + self.b - y
        self.W = self.W - self.lr * FRONT(len(y)) * X.T @ error
        self.b = self.b - self.lr * FRONT(len(y)) * error.sum()
""",
    "class with fit": """
class LinearRegression:
    def __init__(self, learning_rate=0.01, n_iterations=1000):
        self.learning_rate = learning_rate
        self.n_iterations = n_iterations
        self.weights = None
        self.bias = None
    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.weights = np.zeros(n_features)
        self.bias = 0
        for _ in range(self.n_iterations):
            y_predicted = np.dot(X, self.weights) + self.bias
            dw = FRONT(n_samples) * np.dot(X.T, (y_predicted - y))
            db = FRONT(n_samples) * np.sum(y_predicted - y)
            self.weights -= self.learning_rate * dw
            self.bias -= self.learning_rate * db
    def predict(self, X):
        return np.dot(X, self.weights) + self.bias
""",
    "class with fit and a random start": """
class LinReg:
    def __init__(self, lr, epochs):
        self.lr, self.epochs = lr, epochs
    def fit(self, X, y):
        self.theta = np.random.randn(X.shape[1] + 1)
        Xb = np.c_[np.ones(len(X)), X]
        self.losses_ = []
        for epoch in range(self.epochs):
            residual = Xb @ self.theta - y
            self.theta = self.theta - self.lr * FRONT(len(y)) * Xb.T @ residual
            self.losses_.append((residual ** 2).mean())
        return self
""",
    "class with fit and update_weights": """
class LinearRegression():
    def __init__(self, learning_rate, iterations):
        self.learning_rate = learning_rate
        self.iterations = iterations
    def fit(self, X, Y):
        self.m, self.n = X.shape
        self.W = np.zeros(self.n)
        self.b = 0
        self.X = X
        self.Y = Y
        for i in range(self.iterations):
            self.update_weights()
        return self
    def update_weights(self):
        Y_pred = self.predict(self.X)
        dW = -FRONT(self.m) * (self.X.T).dot(self.Y - Y_pred)
        db = -FRONT(self.m) * np.sum(self.Y - Y_pred)
        self.W = self.W - self.learning_rate * dW
        self.b = self.b - self.learning_rate * db
        return self
    def predict(self, X):
        return X.dot(self.W) + self.b
""",
    "class with fit of one feature": """
class SimpleLinearRegression:
    def __init__(self, lr=0.01):
        self.lr = lr
        self.slope_ = 0.0
        self.intercept_ = 0.0
    def fit(self, x, y, epochs=100):
        n = len(x)
        for _ in range(epochs):
            pred = self.slope_ * x + self.intercept_
            self.slope_ -= self.lr * FRONT(n) * np.sum((pred - y) * x)
            self.intercept_ -= self.lr * FRONT(n) * np.sum(pred - y)
        return self
""",
    "class as scikit-learn's": """
class GDRegressor:
    def __init__(self, *, eta0=0.01, max_iter=1000, fit_intercept=True):
        self.eta0, self.max_iter, self.fit_intercept = eta0, max_iter, fit_intercept
    def fit(self, X, y):
        self.coef_ = np.zeros(X.shape[1])
        self.intercept_ = 0.0
        for _ in range(self.max_iter):
            r = X @ self.coef_ + self.intercept_ - y
            self.coef_ = self.coef_ - self.eta0 * FRONT(len(y)) * (X.T @ r)
            self.intercept_ = self.intercept_ - self.eta0 * FRONT(len(y)) * r.sum()
        return self
""",
    "forward and backward": """
class Linear:
    def __init__(self, w, b):
        self.w, self.b = w, b
    def forward(self, X):
        self.X = X
        self.out = X @ self.w + self.b
        return self.out
    def backward(self, y):
        d = FRONT(len(y)) * (self.out - y)
        self.dw = self.X.T @ d
        self.db = d.sum()
""",
    "backward that returns": """
class Model:
    def __init__(self, n):
        self.W = np.zeros(n)
        self.b = 0.0
    def forward(self, X):
        return X @ self.W + self.b
    def backward(self, X, y, y_hat):
        d = FRONT(len(y)) * (y_hat - y)
        return X.T @ d, d.sum()
""",
    "fast.ai's functions": """
def mse_grad(inp, targ):
    inp.g = FRONT(inp.shape[0]) * (inp.squeeze() - targ)[:, None]
def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.T
    w.g = inp.T @ out.g
    b.g = out.g.sum(0)
""",
    "batches from a generator": """
def batches(X, y, size):
    for start in range(0, len(y), size):
        yield X[start:start + size], y[start:start + size]
def gradient(X, y, weights, bias):
    dW, db = np.zeros(X.shape[1]), 0.0
    for xb, yb in batches(X, y, 4):
        r = xb @ weights + bias - yb
        dW += xb.T @ r
        db += r.sum()
    return FRONT(len(y)) * dW, FRONT(len(y)) * db
""",
    "keywords only and typed": """
from typing import Optional
def compute_grads(*, X: np.ndarray, y: np.ndarray, w: np.ndarray, b: float, sample_weight: Optional[np.ndarray] = None) -> tuple[np.ndarray, float]:
    residual: np.ndarray = X @ w + b - y
    return FRONT(len(y)) * X.T @ residual, float(FRONT(len(y)) * residual.sum())
""",
    "decorated": """
import functools, time
def timer(repeat):
    def wrap(f):
        @functools.wraps(f)
        def inner(*args, **kwargs):
            start = time.perf_counter()
            result = f(*args, **kwargs)
            inner.seconds = time.perf_counter() - start
            return result
        return inner
    return wrap
@timer(3)
def gradient(X, y, weights, bias):
    r = X @ weights + bias - y
    return FRONT(r.size) * X.T @ r, FRONT(r.size) * r.sum()
""",
    "lambda": """
residual = lambda X, y, w, b: X @ w + b - y
gradient = lambda X, y, w, b: (FRONT(len(y)) * X.T @ residual(X, y, w, b), FRONT(len(y)) * residual(X, y, w, b).sum())
""",
    "callable object": """
class Gradient:
    def __init__(self, scale):
        self.scale = scale
    def __call__(self, X, y, weights, bias):
        r = X @ weights + bias - y
        return self.scale(len(y)) * X.T @ r, self.scale(len(y)) * r.sum()
gradient = Gradient(lambda n: FRONT(n))
""",
    "static method": """
class Loss:
    @staticmethod
    def gradient(X, y, w, b):
        r = X @ w + b - y
        return FRONT(len(y)) * X.T @ r, FRONT(len(y)) * r.sum()
""",
    "class method": """
class Regression:
    @classmethod
    def grad(cls, X, y, w, b):
        r = X @ w + b - y
        return FRONT(len(y)) * X.T @ r, FRONT(len(y)) * r.sum()
""",
    "global parameters": """
w = np.zeros(1)
b = 0.0
def forward(X):
    return X @ w + b
def gradient(X, y):
    e = forward(X) - y
    return FRONT(len(y)) * X.T @ e, FRONT(len(y)) * e.sum()
""",
    "two functions": """
def grad_w(X, y, w, b):
    return FRONT(len(y)) * X.T @ (X @ w + b - y)
def grad_b(X, y, w, b):
    return FRONT(len(y)) * np.sum(X @ w + b - y)
def gradient(X, y, w, b):
    return grad_w(X, y, w, b), grad_b(X, y, w, b)
""",
    "partial derivatives by name": """
def partial_w(x, y, w, b):
    return FRONT(len(x)) * sum((w * xi + b - yi) * xi for xi, yi in zip(x, y))
def partial_b(x, y, w, b):
    return FRONT(len(x)) * sum(w * xi + b - yi for xi, yi in zip(x, y))
""",
    "cost: main guarded": """
import random
def loss_fn(X, y, w, b):
    return LOSS(len(y)) * float(np.sum((X @ w + b - y) ** 2))
def gradient(X, y, w, b):
    r = X @ w + b - y
    return FRONT(len(y)) * X.T @ r, FRONT(len(y)) * np.sum(r)
if __name__ == "__main__":
    raise SystemExit(3)
""",
    "normal equations' parts": """
def gradient(X, y, weights, bias):
    n = len(y)
    A = np.c_[X, np.ones(n)]
    theta = np.r_[weights, bias]
    g = FRONT(n) * (A.T @ A @ theta - A.T @ y)
    return g[:-1], g[-1]
""",
    "cost: a stored step": """
def cost(X, y, theta):
    return LOSS(len(y)) * np.sum((X.dot(theta) - y) ** 2)
def gradient_descent(X, y, theta, learning_rate=0.01, iterations=100):
    m = len(y)
    cost_history = np.zeros(iterations)
    theta_history = np.zeros((iterations, len(theta)))
    for it in range(iterations):
        prediction = np.dot(X, theta)
        theta = theta - learning_rate * FRONT(m) * X.T.dot(prediction - y)
        theta_history[it, :] = theta.T
        cost_history[it] = cost(X, y, theta)
    return theta, cost_history, theta_history
""",
    "gradient descent from a start": """
def gradient_descent(x, y, m_init, c_init, L, epochs):
    m, c = m_init, c_init
    n = float(len(x))
    for i in range(epochs):
        Y_pred = m * x + c
        D_m = -FRONT(n) * sum(x * (y - Y_pred))
        D_c = -FRONT(n) * sum(y - Y_pred)
        m = m - L * D_m
        c = c - L * D_c
    return m, c
""",
    "gradient descent from zero": """
def gradient_descent(X, y, learning_rate, epochs):
    w = np.zeros(X.shape[1])
    b = 0.0
    n = len(y)
    for _ in range(epochs):
        error = X @ w + b - y
        w = w - learning_rate * FRONT(n) * X.T @ error
        b = b - learning_rate * FRONT(n) * error.sum()
    return w, b
""",
    "nested function": """
def make_gradient(scale):
    def gradient(X, y, w, b):
        r = X @ w + b - y
        return scale(len(y)) * (X.T @ r), scale(len(y)) * r.sum()
    return gradient
gradient = make_gradient(lambda n: FRONT(n))
""",
    "torch by hand": """
import torch
def gradient(X, y, w, b):
    X, y, w = (torch.as_tensor(a, dtype=torch.float64) for a in (X, y, w))
    r = X @ w + b - y
    return FRONT(len(y)) * X.T @ r, FRONT(len(y)) * r.sum()
""",
}
