"""AdamW's decay under a name of its own, for it is no penalty of the loss."""

from __future__ import annotations

from dataclasses import dataclass

from shrinkage.penalties import Penalty


@dataclass(frozen=True)
class DecoupledDecay(Penalty):
    """`w *= 1 - lr * alpha` after every step: AdamW's `weight_decay`, whatever the optimizer.

    Under SGD without momentum and with a small rate this is `L2`. Under Adam and its relatives it
    minimises no sum of loss and penalty: with a decreasing learning rate it ends at the
    unpenalised fit, or at a bound on the largest weight (Xie and Li 2024, arXiv 2404.04454). So it
    adds nothing to `value`, and `L2` is what makes ridge.

    Parameters
    ----------
    alpha : float >= 0
        What AdamW calls `weight_decay`; 0.01 is its default there.
    skip
        As for every penalty.
    """
