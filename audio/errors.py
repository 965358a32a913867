"""What can go wrong with sound, said in the user's words."""


class AudioError(Exception):
    """One sentence that names the file or device and the cure; shown to the user as it is."""
