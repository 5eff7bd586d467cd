"""Speed at an equal certified duality gap: `python -m benchmarks --help`."""
