"""Training of the built-in speaker encoder: `python -m detection.training.speaker --help`."""
