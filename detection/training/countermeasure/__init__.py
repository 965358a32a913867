"""Training of the built-in clone detector: `python -m detection.training.countermeasure --help`."""
