"""Pages of the documentation."""

import re


def as_shown(shown, text):
    """Whether a text is what is shown, where a line of dots stands for any lines."""
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), text) is not None
