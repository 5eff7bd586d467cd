"""Which columns of a table does a network need? Group lasso on the inputs of a perceptron.

    python examples/mlp_table.py

The breast cancer table of scikit-learn: 30 measurements, benign or malignant. All weights that
leave a measurement are one group, so a measurement is used or it is not; the hidden units are
treated likewise. The strength is chosen on rows that were held out of the training.
"""

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

from shrinkage.torch import GroupLasso, Rule, regularization_path

data = load_breast_cancer()
X_train, X_test, y_train, y_test = train_test_split(
    data.data, data.target, random_state=0, stratify=data.target
)
X_train, X_held_out, y_train, y_held_out = train_test_split(
    X_train, y_train, random_state=0, stratify=y_train
)
scaler = StandardScaler().fit(X_train)


def tensors(X, y):
    """Return rows in the units of the training rows, and their labels."""
    return torch.tensor(scaler.transform(X), dtype=torch.float32), torch.tensor(y)


train, held_out, test = (
    tensors(X, y) for X, y in ((X_train, y_train), (X_held_out, y_held_out), (X_test, y_test))
)


def make_model():
    """Return a new perceptron."""
    return nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 2))


def accuracy(model, rows):
    """Return the share of rows that a network gets right."""
    inputs, targets = rows
    with torch.no_grad():
        return (model(inputs).argmax(dim=1) == targets).float().mean().item()


def fit(model, regularize):
    """Train as always, but for the second line; return accuracy and its standard error."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.0)
    regularize(optimizer)
    inputs, targets = train
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), targets).backward()
        optimizer.step()
    share = accuracy(model, held_out)
    return share, (share * (1.0 - share) / len(held_out[1])) ** 0.5


def main():
    """Train along a path, choose, and say what is needed."""
    torch.manual_seed(0)
    path = regularization_path(
        make_model,
        fit,
        [Rule("*.weight", GroupLasso(1.0, groups="in"))],
        alphas=np.geomspace(1e-3, 0.05, 6),
    )
    print("  alpha  held-out accuracy  inputs  hidden units")
    inputs, units = path.living["0.weight"], path.living["2.weight"]
    for alpha, score, n_inputs, n_units in zip(
        path.alphas, path.scores, inputs, units, strict=True
    ):
        print(f"{alpha:7.4f}  {score:17.3f}  {n_inputs:6d}  {n_units:12d}")

    model = path.at(path.best("1se"))
    used = model[0].weight.norm(dim=0) > 0
    print(f"\nLargest alpha within one standard error of the best: {path.best('1se'):.4f}")
    print(f"Accuracy on test rows: {accuracy(model, test):.3f}")
    print(f"Measurements that it needs: {', '.join(data.feature_names[used.numpy()])}")


if __name__ == "__main__":
    main()
