"""Speech to text: one protocol, two engines."""
