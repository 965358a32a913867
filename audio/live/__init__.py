"""A live call: its devices on one clock and one time line."""
