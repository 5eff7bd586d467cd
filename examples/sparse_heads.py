"""Fine-tuning with sparse heads: new classes, few rows, a body that was trained on others.

    python examples/sparse_heads.py

A small convolutional network learns the digits 0 to 4. Then it gets a new head for 5 to 9, of which
there are 20 rows each: the body goes on slowly, with a small learning rate and a little L2; the
head learns with an elastic net, so that each new class looks at a few of the body's features.
Without the L2 the head could shrink while the body grows, and so escape its penalty.
"""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from shrinkage.torch import L2, ElasticNet, Rule, attach

images, labels = load_digits(return_X_y=True)
images = torch.tensor(images / 16.0, dtype=torch.float32).view(-1, 1, 8, 8)
labels = torch.tensor(labels)
is_new = labels >= 5


def body():
    """Return two convolutions that make 128 features of an image."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
    )


def train(model, optimizer, X, y, n_steps):
    """Train in batches of 64."""
    for _ in range(n_steps):
        rows = torch.randint(len(y), (64,))
        optimizer.zero_grad()
        cross_entropy(model(X[rows]), y[rows]).backward()
        optimizer.step()


def accuracy(model, X, y):
    """Return the share of images that a network gets right."""
    with torch.no_grad():
        return (model(X).argmax(dim=1) == y).float().mean().item()


def main():
    """Learn 0 to 4, then 5 to 9 with few rows and sparse heads."""
    torch.manual_seed(0)
    features = body()
    first = nn.Sequential(features, nn.Linear(128, 5))
    X, y = images[~is_new], labels[~is_new]
    train(first, torch.optim.Adam(first.parameters(), lr=3e-3), X, y, 200)
    print(f"Digits 0 to 4, accuracy after training: {accuracy(first, X, y):.3f}")

    X, y = images[is_new], labels[is_new] - 5
    few = torch.cat([(y == k).nonzero().ravel()[:20] for k in range(5)])
    rest = torch.ones(len(y), dtype=torch.bool)
    rest[few] = False
    model = nn.Sequential(features, nn.Linear(128, 5))
    body_before = features[3].weight.detach().clone()

    optimizer = torch.optim.AdamW(
        [
            {"params": model[0].parameters(), "lr": 1e-4},
            {"params": model[1].parameters(), "lr": 1e-2},
        ],
        weight_decay=0.0,
    )
    regularizer = attach(
        optimizer, model, [Rule("1.weight", ElasticNet(0.01, l1_ratio=0.9))], default=L2(1e-4)
    )
    print(f"\n{regularizer.explain()}\n")
    train(model, optimizer, X[few], y[few], 300)
    moved = (features[3].weight - body_before).norm() / body_before.norm()

    # The head alone is a convex problem: the last steps solve it, and find the exact zeros.
    features.requires_grad_(False)
    rows = [(X[few], y[few])]
    print(regularizer.polish(rows, cross_entropy, n_steps=250))
    print(regularizer.stationarity(rows, cross_entropy))
    print(f"\nDigits 5 to 9, 20 rows each to learn from, {int(rest.sum())} others to judge by")
    print(f"Accuracy: {accuracy(model, X[rest], y[rest]):.3f}")
    print(f"The body moved by {moved.item():.1%}.")
    for digit, weights in enumerate(model[1].weight, start=5):
        print(f"Digit {digit} looks at {int(weights.count_nonzero())} of 128 features.")


if __name__ == "__main__":
    main()
