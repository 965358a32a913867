"""Windows and widgets: they show what is stored and ask for what a person wants, no more."""
