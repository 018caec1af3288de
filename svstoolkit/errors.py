"""The one exception that is the user's to mend; programs print it as a single line and exit 1."""


class InputError(ValueError):
    """Bad input: the message names the file (line, utterance, key) and the remedy."""
