"""The whole network as the pack holds it: both halves on the same samples."""

import numpy as np
from torch import Tensor, nn

from detection.training.countermeasure.distill_mos.kernel import Machine, Projection
from detection.training.countermeasure.distill_mos.network import STATISTICS, Front, KernelMachine
from detection.training.countermeasure.residual.network import Countermeasure


class Detector(nn.Module):
    """(batch, samples) -> (batch, 1): machine(front(samples)) + `weight` * residual(samples)."""

    def __init__(
        self, front: Front, machine: KernelMachine, residual: Countermeasure, weight: float
    ) -> None:
        super().__init__()
        self.front, self.machine, self.residual, self.weight = front, machine, residual, weight

    def forward(self, samples: Tensor) -> Tensor:
        return self.machine(self.front(samples)) + self.weight * self.residual(samples)


def untrained(components: int = 480, anchors: int = 13_325) -> Detector:
    """A detector with random weights, of the shipped one's size: it costs what a trained one does."""
    rng = np.random.default_rng(0)
    projection = Projection(np.zeros(STATISTICS), rng.standard_normal((STATISTICS, components)))
    machine = Machine(rng.standard_normal((anchors, components)), rng.standard_normal(anchors))
    return Detector(Front(), KernelMachine(projection, machine), Countermeasure(), 1.0)
