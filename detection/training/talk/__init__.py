"""What the conversation judge learns from and is measured on: written calls (docs/models/talk-data.md)."""
