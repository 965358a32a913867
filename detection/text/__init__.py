"""Words as every text judge sees them: normalised, matched linearly, quoted as they were said."""
