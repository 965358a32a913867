"""Data files shipped with the program: packs of tactics, policies, models and sample calls."""

from importlib.resources import files
from pathlib import Path

ROOT = Path(str(files("resources")))
"""Folder that holds the shipped data files."""
