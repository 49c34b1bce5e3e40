"""Markdown with a sentence a line, so that a diff shows the sentences that changed."""

import re

OUTSIDE = re.compile(r"^(```|\s*```|\s*\||#|<|\[[^\]]+\]: |$)")
"""Lines that are no text: fences, rows of tables, headings, HTML, addresses of links, and empty ones."""
ITEM = re.compile(r"^(\s*(?:[-*]|\d+\.) +)(.*)$")
LATE = re.compile(r"\s*(?!1\.)\d+\.")
"""A number that begins no list in the middle of a paragraph, since lists there begin with 1 (CommonMark)."""
CODE = re.compile(r"`[^`]*`")
ABBREVIATED = re.compile(r"(\b[A-Z]|\be\.g|\bi\.e|\betc|\bvs|\bal)\.$")
END = re.compile(r"[.!?…]+[\"')*\]]*(?:\([^)\s]*\))?\s+(?=\S)")


def sentences(text: str) -> list[str]:
    """Cut a paragraph into its sentences; a heading in bold that runs into the text is none of its own."""
    masked = CODE.sub(lambda code: "`" + "_" * (len(code[0]) - 2) + "`", text)
    parts, start = [], 0
    for end in END.finditer(masked):
        before, after = masked[start : end.end()].rstrip(), masked[end.end()]
        heading = re.fullmatch(r"\*\*[^*]+\*\*", before)
        enumerates = before.endswith("…") or (after.islower() and not before.endswith("."))
        if not (heading or enumerates or ABBREVIATED.search(before)):
            parts.append(text[start : end.end()].rstrip())
            start = end.end()
    return [*parts, text[start:]]


def a_sentence_a_line(page: str) -> str:
    """Write a page with each sentence on a line of its own; code, tables and headings stay as they are."""
    lines: list[str] = []
    prefix, words, fenced = "", [], False

    def flush() -> None:
        nonlocal words
        if words:
            indent = " " * len(prefix)
            first, *others = sentences(" ".join(words))
            lines.extend([prefix + first, *(indent + sentence for sentence in others)])
        words = []

    for line in page.splitlines():
        goes_on = words and not prefix and LATE.match(line)
        item = None if goes_on else ITEM.match(line)
        if fenced or OUTSIDE.match(line):
            flush()
            prefix = ""
            lines.append(line)
            fenced ^= line.strip().startswith("```")
        elif item:
            flush()
            prefix, words = item[1], [item[2].strip()]
        else:
            if not words:
                prefix = re.match(r"\s*", line)[0]
            words.append(line.strip())
    flush()
    return "".join(f"{line}\n" for line in lines)
