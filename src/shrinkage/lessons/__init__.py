"""Figures and simulations that show how L1 and L2 work."""

from shrinkage.lessons.correlated import plot_correlated
from shrinkage.lessons.decomposition import BiasVariance, bias_variance, plot_bias_variance
from shrinkage.lessons.geometry import plot_geometry
from shrinkage.lessons.kink import plot_descents
from shrinkage.lessons.selection import plot_selection
from shrinkage.lessons.simulation import Simulation, simulate
from shrinkage.lessons.trace import Trace, descent

__all__ = [
    "BiasVariance",
    "Simulation",
    "Trace",
    "bias_variance",
    "descent",
    "plot_bias_variance",
    "plot_correlated",
    "plot_descents",
    "plot_geometry",
    "plot_selection",
    "simulate",
]
