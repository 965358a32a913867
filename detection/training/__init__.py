"""How the models in `resources/models` were made and measured; never imported by the program."""
