"""Whether the microphone hears the caller again."""
