"""Lines as a terminal or another stream can show them."""

import re

# The verdicts with which lines begin, by the colour that they have on a terminal.
_VERDICT = re.compile(
    r" {0,2}(?:(?P<green>PASS|held|better|agrees|selected)|(?P<red>FAIL|FAILED|WRONG|NO DATA|worse|none selected)"
    r"|(?P<yellow>INCONCLUSIVE|NOTHING|differs|undecided))(?: \(warn\))?(?=[ ,]|$)"
)
_COLOURS = {"green": 32, "red": 31, "yellow": 33}
_PLAIN = {"≥": ">=", "…": "..."}  # where a stream cannot hold what we write ourselves


def coloured(line: str) -> str:
    """Return a line with the verdict with which it begins in colour."""
    verdict = _VERDICT.match(line)
    if verdict is None:
        return line
    return f"\x1b[{_COLOURS[verdict.lastgroup or '']}m{verdict[0]}\x1b[0m{line[verdict.end() :]}"


def encodable(line: str, encoding: str) -> str:
    """Return a line with a plain sign or a visible escape for each sign that an encoding does not have."""
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        if len(line) > 1:
            return "".join(encodable(sign, encoding) for sign in line)
        return _PLAIN.get(line, ascii(line)[1:-1])
    return line
