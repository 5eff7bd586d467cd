"""Mini-batches on a lasso: which features each method ends with, and after polishing."""

import numpy as np
import torch

from shrinkage import Lasso
from shrinkage.torch import L1, Rule, attach
from tests.torch.regression import coef_of, half_mse, linear, tensors

N, P, N_TRUE, BATCH, EPOCHS = 1000, 100, 8, 20, 40
N_STEPS = EPOCHS * N // BATCH


def data(seed, rho=0.0):
    """Columns whose neighbours correlate by rho, eight of them true, noise of sd 1."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, P))
    for j in range(1, P):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    coef = np.zeros(P)
    true = rng.choice(P, N_TRUE, replace=False)
    coef[true] = rng.choice([-1.0, 1.0], N_TRUE) * rng.uniform(0.5, 2.0, N_TRUE)
    return X, X @ coef + rng.normal(size=N)


def recipe(name, parameters):
    """Optimizer, its schedule (or None) and the method of `attach`."""
    if name == "dual":
        return torch.optim.SGD(parameters, lr=0.05), None, "dual"
    if name == "prox Adam":
        optimizer = torch.optim.Adam(parameters, lr=0.01)
    else:
        optimizer = torch.optim.SGD(parameters, lr=0.02, momentum=0.9)
    falling = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, N_STEPS)
    return optimizer, falling, "subgradient" if name == "subgradient" else "prox"


def run(name, seed, alpha=0.1, rho=0.0):
    """Return the numbers of wrong features at the end of training and after polishing."""
    X, y = data(seed, rho)
    certified = Lasso(alpha, standardize=False, fit_intercept=False).fit(X, y).coef_
    inputs, targets = tensors(X, y)
    model = linear(P, seed)
    optimizer, falling, method = recipe(name, model.parameters())
    regularizer = attach(optimizer, model, [Rule("weight", L1(alpha))], method=method)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(EPOCHS):
        for rows in torch.randperm(N, generator=generator).split(BATCH):
            optimizer.zero_grad()
            half_mse(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()
            if falling is not None:
                falling.step()
    wrong = np.sum((coef_of(model) != 0) != (certified != 0))
    regularizer.polish([(inputs, targets)], half_mse)
    polished = coef_of(model)
    return int(wrong), int(np.sum((polished != 0) != (certified != 0)))
