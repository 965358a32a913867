"""What the sound means: no Qt, no devices, no database."""
