"""What can go wrong while judging, said in the user's words."""


class DetectionError(Exception):
    """One sentence that names the model, pack or file and the cure; shown to the user as it is."""
