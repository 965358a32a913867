"""How the model that reads statements about being an AI was trained; never imported by the program."""
