"""Sound in, nothing else: no Qt, no models, no database."""
