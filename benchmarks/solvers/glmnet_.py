"""R's glmnet, its early stops turned off; `glmnet.R` solves, by R's own clock."""

from benchmarks.problem import Data
from benchmarks.solvers.base import Solver


class Glmnet(Solver):
    name = "glmnet (R)"
    module = "glmnet"
    environment = "R"
    families = ("gaussian", "binomial", "poisson", "multinomial")
    tolerances = (1e-7, 1e-10, 1e-12, 1e-14, 1e-16)
    tasks = ("path", "one", "crossval")

    @classmethod
    def solves(cls, task: str, data: Data) -> bool:
        return data.X.dtype == "float64"  # R has no single precision
