"""The half of the clone detector that listens with Distill-MOS and judges with a kernel machine."""
