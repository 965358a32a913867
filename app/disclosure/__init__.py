"""The report over many calls: which AIs said that they are one (docs/disclosure.md)."""
