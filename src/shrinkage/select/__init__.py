"""Choosing the strength of the penalty by cross-validation."""
