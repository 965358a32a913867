"""How well a judge does on a person's own labelled cases."""
