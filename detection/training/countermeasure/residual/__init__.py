"""The half of the clone detector that learns from spectrograms: a residual network on log-mel."""
