"""What a caller's talk does: the tactics of voice phishing, quoted and weighed."""
