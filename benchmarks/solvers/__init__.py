"""One small file a solver: a class with `name`, `families`, `tolerances` and four functions.

`fit_path(data, tol)` and `fit_crossval(data, tol)` are timed; `coefs(found)` of shape (n_alphas,
n_features) and the cross-validated `curve(data, found)` of shape (n_alphas,) are not. A ladder
of tolerances starts at the solver's default. Whatever is not installed is left out: install some
of adelie, glmstar and skglm beside scikit-learn. celer has no intercept for these families.
"""

from importlib.util import find_spec

from benchmarks.solvers.adelie_ import Adelie
from benchmarks.solvers.glmstar_ import Glmstar
from benchmarks.solvers.scikit_learn import ScikitLearn, ScikitLearnLogistic
from benchmarks.solvers.shrinkage_ import Shrinkage
from benchmarks.solvers.skglm_ import Skglm

_PEERS = (Adelie, Glmstar, Skglm)
SOLVERS = (
    Shrinkage,
    ScikitLearn,
    ScikitLearnLogistic,
    *(peer for peer in _PEERS if find_spec(peer.module)),
)
