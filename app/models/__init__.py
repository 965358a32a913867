"""Models for a person: install, choose, measure, in sentences."""
