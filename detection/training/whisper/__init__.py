"""A small Whisper-format recognizer of helpdesk talk, learnt from synthesized speech."""
