"""What is wrong with a live call's sound."""
