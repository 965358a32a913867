"""What the conversation judge learns from and is measured on (docs/models/talk-data.md)."""
