"""Whether an AI on the line said that it is one: its words, its answer when asked, the policy clock."""
