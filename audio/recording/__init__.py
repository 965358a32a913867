"""Evidence audio in files that a killed process leaves playable."""
