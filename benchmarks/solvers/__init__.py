"""One small file a solver: a class with `name`, `tolerances` and four functions.

`fit_path(data, tol)` and `fit_crossval(data, tol)` are timed; `coefs(found)` of shape (n_alphas,
n_features) and the cross-validated `curve(data, found)` of shape (n_alphas,) are not. A ladder
of tolerances starts at the solver's default.
"""

from benchmarks.solvers.scikit_learn import ScikitLearn
from benchmarks.solvers.shrinkage_ import Shrinkage

SOLVERS = (Shrinkage, ScikitLearn)
