"""scikit-learn's logistic regression, whichever version is installed."""

import inspect
from typing import Any

import sklearn.linear_model as peer
from sklearn.utils.class_weight import compute_class_weight

# Before 1.8 another keyword switched the penalties.
HAS_PENALTY = peer.LogisticRegression().penalty == "l2"
# Before 1.7 "balanced" counted rows and left their weights out.
BALANCES_WEIGHTS = "sample_weight" in inspect.signature(compute_class_weight).parameters


def logistic(l1_ratio: float = 0.0, **theirs: Any) -> peer.LogisticRegression:
    """Return scikit-learn's logistic regression with an elastic net, ridge by default."""
    if l1_ratio == 0.0:
        return peer.LogisticRegression(**theirs)
    if HAS_PENALTY:
        theirs["penalty"] = "elasticnet"
    return peer.LogisticRegression(l1_ratio=l1_ratio, solver="saga", **theirs)
