"""Thousands of degenerate random problems through every plan: all certified, none excused."""

import os

import numpy as np
import pytest
from scipy import sparse

from shrinkage import Settings, elastic_net_path
from shrinkage.solve import Status
from shrinkage.solve.certificate import certify
from shrinkage.solve.plan import CROSS_PRODUCTS, WORKING_SET
from tests.cases import FAMILIES, NEWTON_FAMILIES
from tests.judge import judge
from tests.plans import forced
from tests.random_problems import KINDS, N_ALPHAS, random_problem, random_sparse_problem

pytestmark = pytest.mark.filterwarnings("ignore::shrinkage.errors.DataWarning")

BLOCK = 250
N_BLOCKS = 20
N_LONG_BLOCKS = int(os.environ.get("PROBLEMS", "10000")) // BLOCK
# Of each alpha's own l1; the smallest are 1e-4 of the first.
KKT = 1e-6


def _doors(seed, problem):
    """Both plans; for every third problem of each kind CSC, which has solvers of its own.

    Its columns are centred by a correction, so they should not be far from zero.
    """
    yield CROSS_PRODUCTS, problem.X
    yield WORKING_SET, problem.X
    if seed // len(KINDS) % 3 == 0 and not problem.is_shifted:
        yield WORKING_SET, sparse.csc_array(problem.X)


def _path(problem, plan, X):
    with forced(plan):
        return elastic_net_path(
            X,
            problem.y,
            alphas=N_ALPHAS,
            alpha_min_ratio=problem.alpha_min_ratio,
            settings=Settings(n_threads=1),
            **problem.options,
        )


def _fault(problem, plan, X):
    """Return what is wrong with a path, or an empty string."""
    path = _path(problem, plan, X)
    found = judge(
        problem.X, problem.y, path.alphas, path.coef_path, path.intercepts, **problem.options
    )
    gap, violation = found.dual_gap.max(), found.kkt_violation.max()
    solved = all(status.converged for status in path.status)
    if gap <= 1e-9 and violation <= KKT and solved and path.dual_gap.max() <= 1e-9:
        return ""
    return (
        f"{X.shape}, {plan}, {type(X).__name__}: gap {gap:.1e} "
        f"(own {path.dual_gap.max():.1e}), KKT/l1 {violation:.1e}, solved: {solved}"
    )


def _faults(seed):
    problem = random_problem(seed)
    for plan, X in _doors(seed, problem):
        fault = _fault(problem, plan, X)
        if fault:
            yield f"problem {seed}, {fault}"


def _check(block):
    faults = [
        fault for seed in range(block * BLOCK, (block + 1) * BLOCK) for fault in _faults(seed)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("block", range(N_BLOCKS))
def test_random_problems(block):
    _check(block)


@pytest.mark.long
@pytest.mark.parametrize("block", range(N_BLOCKS, N_BLOCKS + N_LONG_BLOCKS))
def test_more_random_problems(block):
    _check(block)


def _family_fault(seed, family):
    """Return what is wrong with the path of another family, or an empty string."""
    problem, rng = random_problem(seed), np.random.default_rng(seed)
    z = (problem.y - problem.y.mean()) / (problem.y.std() or 1.0)
    y = FAMILIES[family].of_response(rng, z * rng.choice([0.5, 1.0, 3.0]))
    is_sparse = seed // len(KINDS) % 3 == 0 and not problem.is_shifted
    path = elastic_net_path(
        sparse.csc_array(problem.X) if is_sparse else problem.X,
        y,
        family=family,
        alphas=6,
        alpha_min_ratio=problem.alpha_min_ratio,
        settings=Settings(n_threads=1),
        **problem.options,
    )
    has_free = (problem.options.get("penalty_factor", np.ones(1)) == 0.0).any()
    for k, alpha in enumerate(path.alphas):
        if path.status[k] is Status.SEPARATED and has_free:
            continue
        given = problem.X, y, path.coef_path[k], path.intercepts[k]
        judged = certify(*given, family=family, alpha=alpha, **problem.options)
        # A known weakness: several classes with free features may end unsolved. Then the path
        # has to say by how much, and not less than the judge does.
        is_weak = path.status[k] is Status.STALLED and has_free and family == "multinomial"
        if is_weak and 1e-8 < judged.dual_gap <= path.dual_gap[k]:
            continue
        if judged.dual_gap > 1.01e-8 or not path.status[k].converged:
            return f"problem {seed}, alpha {k}: {judged}, {path.status[k].name}"
    return ""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("family", NEWTON_FAMILIES)
@pytest.mark.parametrize("block", range(4))
def test_random_problems_of_the_other_families(block, family):
    faults = [_family_fault(seed, family) for seed in range(60 * block, 60 * (block + 1))]
    assert not any(faults), "\n".join(filter(None, faults))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("family", NEWTON_FAMILIES)
@pytest.mark.parametrize("block", range(4, 40))
def test_more_random_problems_of_the_other_families(block, family):
    test_random_problems_of_the_other_families(block, family)


@pytest.mark.parametrize("seed", range(36))
def test_sparse_problems_with_many_members(seed):
    problem = random_sparse_problem(seed)
    fault = _fault(problem, WORKING_SET, sparse.csc_array(problem.X))
    assert not fault, fault


@pytest.mark.long
@pytest.mark.parametrize("seed", range(36, 150))
def test_more_sparse_problems_with_many_members(seed):
    problem = random_sparse_problem(seed)
    fault = _fault(problem, WORKING_SET, sparse.csc_array(problem.X))
    assert not fault, fault


def test_the_fast_judge_agrees_with_the_certificate():
    for seed in range(0, 240, 3):
        problem = random_problem(seed)
        path = _path(problem, WORKING_SET, problem.X)
        rng = np.random.default_rng(seed)
        # solutions, and what is far from one: both must see the same
        for share in (0.0, 1e-4):
            moved = path.coef_path * (1.0 - share * rng.uniform(size=path.coef_path.shape))
            given = problem.X, problem.y, path.alphas, moved, path.intercepts
            fast = judge(*given, **problem.options)
            for k, alpha in enumerate(path.alphas):
                slow = certify(
                    *given[:2], moved[k], path.intercepts[k], alpha=alpha, **problem.options
                )
                assert fast.dual_gap[k] == pytest.approx(slow.dual_gap, rel=1e-5, abs=1e-11)
