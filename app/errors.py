"""What can go wrong in the program, said in the user's words."""

from audio.errors import AudioError
from detection.errors import DetectionError


class EarwitnessError(Exception):
    """One sentence that names the thing and the cure; shown to the user as it is."""


class SettingsError(EarwitnessError):
    """A setting in the environment or the settings file cannot be used, or the file not be written."""


class DataFolderError(EarwitnessError):
    """The data folder cannot be created, read or written."""


class CaseLogError(EarwitnessError):
    """The case log cannot be opened, read or written. What it held before is still there."""


class NoCaseLogError(CaseLogError):
    """There is no case log yet: no call was ever stored in this data folder."""


class UnknownCaseError(CaseLogError):
    """A case id that fits no case, or more than one."""


class UnknownVoiceError(CaseLogError):
    """A name under which no voice is kept, or one whose time to be kept is over."""


class UnknownModelError(EarwitnessError):
    """A model id that names none, or none that what was asked for can be done with."""


class ReportError(EarwitnessError):
    """A file with a report over many calls cannot be written."""


class EvaluationError(EarwitnessError):
    """The list of labelled cases to measure a judge on cannot be used."""


USER_ERRORS = (AudioError, DetectionError, EarwitnessError)
"""Errors whose message is one sentence for the user; any other is a fault of the program."""
