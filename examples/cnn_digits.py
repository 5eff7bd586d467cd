"""A convolutional network that loses channels in training, and is made smaller without loss.

    python examples/cnn_digits.py

All weights that leave a channel are one group, in the second convolution and in the linear layer.
Where they all become zero the channel is superfluous, and `compact` removes it: the outputs are the
same, the network is smaller. Weights in front of a batch norm are not penalised: it would undo
their shrinking. Its own scale gets a little L2 for the same reason.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from shrinkage.torch import L2, GroupLasso, Ramp, Rule, attach, compact

images, labels = load_digits(return_X_y=True)
images = torch.tensor(images / 16.0, dtype=torch.float32).view(-1, 1, 8, 8)
labels = torch.tensor(labels)


def accuracy(model, X, y):
    """Return the share of images that a network gets right."""
    with torch.no_grad():
        return (model(X).argmax(dim=1) == y).float().mean().item()


def main():
    """Train, make smaller, compare."""
    torch.manual_seed(0)
    order = torch.randperm(len(labels))
    train, test = order[:1300], order[1300:]
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )
    # Four inputs of the linear layer come from one channel: they are one group.
    by_channel = np.tile(np.arange(128) // 4, (10, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.0)
    n_epochs, n_batches = 15, 11
    regularizer = attach(
        optimizer,
        model,
        [
            Rule("4.weight", GroupLasso(1e-2, groups="in")),
            Rule("8.weight", GroupLasso(1e-2, groups=by_channel)),
            Rule((nn.BatchNorm2d, "weight"), L2(1e-2)),
        ],
        schedule=Ramp(n_epochs * n_batches // 2),
    )
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs, eta_min=5e-5)
    for _ in range(n_epochs):
        for rows in train[torch.randperm(len(train))].split(128):
            optimizer.zero_grad()
            cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()
        decay.step()
    model.eval()

    print(regularizer.explain())
    print("\nShare of exact zeros:")
    for name, share in regularizer.sparsity().items():
        print(f"  {name:9} {share:.2f}")

    small, report = compact(model, images[test])
    print(f"\n{report}\n")
    print(f"Accuracy on test rows: {accuracy(model, images[test], labels[test]):.4f}")
    print(f"The smaller network's: {accuracy(small, images[test], labels[test]):.4f}")


if __name__ == "__main__":
    main()
