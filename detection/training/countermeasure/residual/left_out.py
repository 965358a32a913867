"""A network without each fold of sources, to judge them as ones not heard, and one of all, to ship."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from detection.training.countermeasure.clips import Clip
from detection.training.countermeasure.export import export
from detection.training.countermeasure.folds import FOLDS, folds
from detection.training.countermeasure.residual.batches import Batches
from detection.training.countermeasure.residual.rendered import render
from detection.training.countermeasure.residual.train import BATCH, train, trained_network

NETWORKS = ("all", *map(str, range(FOLDS)))
"""Names of the networks: of all sources, and without each fold."""


def train_networks(clips: Sequence[Clip], rendered: Path, folder: Path, seed: int) -> list[Path]:
    """The ONNX files of `NETWORKS`, made where they are not there: two at a time, on a GPU by turns."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{name}.onnx" for name in NETWORKS]
    workers = 1 if torch.cuda.is_available() else 2
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        jobs = [
            pool.submit(_train_network, clips, rendered, network, seed)
            for network in made
            if not network.exists()
        ]
        for job in jobs:
            print(f"torch and ONNX differ by at most {job.result():.1e}", flush=True)
    return made


def _train_network(clips: Sequence[Clip], rendered: Path, network: Path, seed: int) -> float:
    """Train and export; the largest difference between torch and ONNX Runtime."""
    fold_of, name = folds(clips), network.stem
    heard = [n for n, clip in enumerate(clips) if str(fold_of.get(clip.source)) != name]
    batches = Batches(clips, heard, render(clips, rendered, seed), BATCH, seed)
    checkpoint = network.with_suffix(".pt")
    train(batches, checkpoint, seed, name)
    return export(trained_network(checkpoint), network, "score")
