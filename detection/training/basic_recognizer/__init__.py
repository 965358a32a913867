"""What the built-in recognizer adds to PocketSphinx: a language model, a dictionary, an upper band."""
