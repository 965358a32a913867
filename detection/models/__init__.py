"""Model packs: folders with a manifest and the files it names, checked before anything is loaded."""
