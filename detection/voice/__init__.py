"""Is the caller's voice synthetic? Networks that score windows, and the judge that adds them up."""
