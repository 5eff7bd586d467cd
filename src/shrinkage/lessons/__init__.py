"""Figures and simulations that show how L1 and L2 work."""

from shrinkage.lessons.bias_variance import BiasVariance, bias_variance, plot_bias_variance
from shrinkage.lessons.correlated import plot_correlated
from shrinkage.lessons.descent import Trace, descent
from shrinkage.lessons.geometry import plot_geometry
from shrinkage.lessons.kink import plot_descents
from shrinkage.lessons.selection import plot_selection
from shrinkage.lessons.simulate import Simulation, simulate

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
