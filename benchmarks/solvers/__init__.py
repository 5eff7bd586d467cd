"""One small file a solver: a class with `name`, `families`, `tolerances` and its tasks.

See `benchmarks.solvers.base`. A ladder of tolerances starts at the solver's default. Each runs in
a process of its own, with the packages of its environment; importing this imports none of them.
"""

from benchmarks.solvers.adelie_ import Adelie, AdelieCovariance
from benchmarks.solvers.celer_ import Celer
from benchmarks.solvers.glmnet_ import Glmnet
from benchmarks.solvers.glmstar_ import Glmstar
from benchmarks.solvers.glum_ import Glum
from benchmarks.solvers.scikit_learn import ScikitLearn, ScikitLearnLogistic
from benchmarks.solvers.shrinkage_ import Shrinkage
from benchmarks.solvers.skglm_ import Skglm

SOLVERS = (
    Shrinkage,
    ScikitLearn,
    ScikitLearnLogistic,
    Celer,
    Skglm,
    Adelie,
    AdelieCovariance,
    Glmstar,
    Glmnet,
    Glum,
)
