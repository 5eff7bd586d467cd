"""Figures and simulations that show how L1 and L2 work."""
