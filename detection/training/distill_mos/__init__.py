"""A clone detector on what Distill-MOS hears: measured, not shipped (docs/models/distill-mos.md)."""
