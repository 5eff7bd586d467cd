"""What is penalised by what, what is not, and why: said before anyone wonders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch.optim import AdamW, Optimizer

from shrinkage.draw.table import aligned
from shrinkage.penalties import ElasticNet, GroupLasso, Penalty, SparseGroupLasso
from shrinkage.torch.rules import Block


@dataclass(frozen=True)
class Explanation:
    """A table with one row for each parameter, and notes.

    Attributes
    ----------
    rows : tuple of (parameter, shape, penalty, because)
    notes : tuple of str
    """

    rows: tuple[tuple[str, str, str, str], ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        """Return the table, and under it the notes."""
        table = aligned(self.rows, ("parameter", "shape", "penalty", "because"), left=4)
        return "\n".join([*table, *(f"note: {note}" for note in self.notes)])


def explain(optimizer: Optimizer, blocks: Sequence[Block]) -> Explanation:
    """Return what each block gets and why."""
    rows = []
    for block in blocks:
        shape = "x".join(str(size) for size in block.parameter.shape) or "1"
        penalty = "none" if block.penalty is None else in_words(block.penalty)
        if block.weight_decay > 0.0:
            penalty += f", weight_decay {block.weight_decay:g}"
        rows.append((block.name, shape, penalty, block.because))
    return Explanation(
        tuple(rows), (*decay_notes(optimizer, blocks), *_strangers(optimizer, blocks))
    )


def decay_notes(optimizer: Optimizer, blocks: Sequence[Block]) -> list[str]:
    """Return what is to be said about the optimizer's own weight_decay."""
    notes = []
    twice = [b.name for b in blocks if b.weight_decay > 0.0 and b.penalty is not None]
    if twice:
        more = f" and {len(twice) - 1} more" if len(twice) > 1 else ""
        notes.append(
            f"{twice[0]}{more}: weight_decay of the optimizer acts besides the penalty; "
            "weight_decay=0 leaves the penalty alone"
        )
    decayed = [b for b in blocks if b.weight_decay > 0.0]
    if decayed and _is_decoupled(optimizer):
        notes.append(
            f"the weight_decay of {type(optimizer).__name__} is decoupled: it shrinks the weights "
            "by lr * weight_decay a step and minimises no sum of loss and penalty; L2(alpha) "
            "does, and is ridge"
        )
    elif decayed:
        notes.append(
            f"the weight_decay of {type(optimizer).__name__} is added to the gradient: it is "
            "L2(weight_decay), and acts on biases and norms, too, where their group has it"
        )
    return notes


def _strangers(optimizer: Optimizer, blocks: Sequence[Block]) -> list[str]:
    known = {id(block.parameter) for block in blocks}
    trained = [id(p) for group in optimizer.param_groups for p in group["params"]]
    n_unknown = sum(one not in known for one in trained)
    if n_unknown == 0:
        return []
    return [f"the optimizer trains {n_unknown} parameters more, which are not in this model"]


def in_words(penalty: Penalty) -> str:
    """Return a penalty as it would be typed."""
    name, alpha = type(penalty).__name__, f"{penalty.alpha:g}"
    if isinstance(penalty, ElasticNet):
        return f"{name}({alpha}, l1_ratio={penalty.l1_ratio:g})"
    if not isinstance(penalty, GroupLasso):
        return f"{name}({alpha})"
    groups = repr(penalty.groups) if isinstance(penalty.groups, str) else "an index array"
    ratio = f", l1_ratio={penalty.l1_ratio:g}" if isinstance(penalty, SparseGroupLasso) else ""
    return f"{name}({alpha}, groups={groups}{ratio})"


def _is_decoupled(optimizer: Optimizer) -> bool:
    if isinstance(optimizer, AdamW):
        return True
    return any(group.get("decoupled_weight_decay", False) for group in optimizer.param_groups)
