"""A checkpoint of Spectra's names and size with random weights, to try the exporter and the cost.

    python packaging/models/random_spectra.py build/random.safetensors

It says nothing about accuracy.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from spectra_network import Spectra, SplineLinear, xls_r_300m


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--linear", action="store_true", help="as Spectra-AASIST instead of AASIST3")
    given = parser.parse_args()
    torch.manual_seed(0)
    network = Spectra(torch.nn.Linear if given.linear else SplineLinear, xls_r_300m())
    given.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {key: tensor.contiguous() for key, tensor in network.state_dict().items()}, given.checkpoint
    )


if __name__ == "__main__":
    main()
