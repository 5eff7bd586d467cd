"""The problem, the plan for it, the solver, the path, and (`solve.certificate`) the judge."""

from shrinkage.solve.elastic_net import alpha_max, elastic_net_path, solve_path
from shrinkage.solve.path import Path
from shrinkage.solve.plan import Plan, choose
from shrinkage.solve.predictor import linear_predictor
from shrinkage.solve.problem import Problem, make_problem
from shrinkage.solve.result import Solution, Status
from shrinkage.solve.settings import Settings

__all__ = [
    "Path",
    "Plan",
    "Problem",
    "Settings",
    "Solution",
    "Status",
    "alpha_max",
    "choose",
    "elastic_net_path",
    "linear_predictor",
    "make_problem",
    "solve_path",
]
