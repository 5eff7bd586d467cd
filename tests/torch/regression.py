"""One linear model and its certified answers, which every optimizer must reach."""

import numpy as np
import torch
from torch import nn

from shrinkage import ElasticNet as CertifiedElasticNet
from shrinkage import Lasso as CertifiedLasso
from shrinkage import Ridge as CertifiedRidge

ALPHA = 0.1


def regression(n=200, p=30, n_true=6, noise=0.5, seed=0):
    """Independent columns, the first few of them true."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    coef = np.zeros(p)
    coef[:n_true] = rng.choice([-1.0, 1.0], n_true) * rng.uniform(0.5, 2.0, n_true)
    return X, X @ coef + noise * rng.normal(size=n)


def lasso(X, y, alpha=ALPHA):
    return CertifiedLasso(alpha, standardize=False, fit_intercept=False).fit(X, y).coef_


def elastic_net(X, y, alpha=ALPHA, l1_ratio=0.5):
    model = CertifiedElasticNet(alpha, l1_ratio, standardize=False, fit_intercept=False)
    return model.fit(X, y).coef_


def ridge(X, y, alpha=ALPHA):
    return CertifiedRidge(alpha, standardize=False, fit_intercept=False).fit(X, y).coef_


def linear(p=30, seed=0, dtype=torch.float64):
    """A linear model without intercept and with weights that are not zero."""
    model = nn.Linear(p, 1, bias=False, dtype=dtype)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        model.weight.copy_(0.1 * torch.randn(1, p, generator=generator))
    return model


def half_mse(outputs, targets):
    return 0.5 * (outputs - targets).square().mean()


def tensors(X, y):
    return torch.tensor(X), torch.tensor(y)[:, None]


def train(model, optimizer, X, y, n_steps=1500, gamma=0.9985, loss=half_mse, after_step=None):
    """Train on all rows at once with a rate that falls by gamma a step."""
    inputs, targets = tensors(X, y)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma)
    for _ in range(n_steps):
        optimizer.zero_grad()
        loss(model(inputs), targets).backward()
        optimizer.step()
        if after_step is not None:
            after_step()
        scheduler.step()
    return coef_of(model)


def coef_of(model):
    return model.weight.detach().numpy().ravel().copy()
