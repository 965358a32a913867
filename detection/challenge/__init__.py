"""Fresh random words for a caller to say, and whether they said them."""
