"""Whether the text that is stored of a scenario reads back as that scenario, on random files.

`python -m benchmarks.reading_back 100000 [SEED]` prints how many files were valid, and each that did not read back.
"""

import json
import sys
from random import Random

from sim import ScenarioError
from sim.scenario import restore_scenario

PIECES = (
    *("'", '"', "\\", "#", ": ", "- ", "\n", "\r", "\t", " ", "[", "{", "}", "]", ",", "&a ", "*a", "!", "|", ">", "%"),
    *("\x85", "\u2028", "\u2029", "\ufeff", "\x7f", "\x9f", "\x00", "\x1b", "\ufffe", "\U0010ffff", "\ue000", "🍔"),
    *("\\ud83c\\udf54", "\\ud83c", "\\x7f", "\\u2028", "\\N", "\\_", "\\0", "\\U0001f354", "\\ue000", "$note", "~"),
)  # fmt: skip


def random_text(random: Random) -> str:
    """Return a text of characters from all of Unicode and of what YAML, JSON and other versions of them treat alone."""
    words = []
    for _ in range(random.randint(0, 12)):
        number = random.randrange(0x110000)
        words.append(random.choice(PIECES) if random.random() < 0.7 or 0xD800 <= number < 0xE000 else chr(number))
    return "".join(words)


def random_file(random: Random) -> tuple[str, dict[str, bytes]]:
    """Return the text of a scenario file and the files that it names."""
    text, name = random_text(random), random_text(random) or "a"
    quoted = random.choice((f'"{text}"', f"'{text}'", json.dumps(text), json.dumps(text, ensure_ascii=False), text))
    quoted = random.choice((quoted, f"|\n  {text}", "$note"))
    note = json.dumps(random_text(random), ensure_ascii=random.random() < 0.5)
    keys = [f"description: {quoted}", f"params: {{note: {note}}}", "service: 1s"]
    keys.append(f"arrivals: [{{trace: {json.dumps(name)}}}]")
    random.shuffle(keys)
    return "scenario: 1\nname: random\n" + "\n".join(keys) + "\n", {name: b"time,class,service\n0s,VIP,1s\n"}


def main(count: int, seed: int) -> int:
    """Try `count` files; return how many did not read back."""
    random, valid, wrong = Random(seed), 0, 0
    for _ in range(count):
        text, files = random_file(random)
        try:
            scenario = restore_scenario(text, files, "random")
        except ScenarioError:
            continue
        valid += 1
        try:
            restored = restore_scenario(scenario.text, scenario.files, "stored")
        except ScenarioError as error:
            wrong += 1
            print(f"{text!r} is stored as {scenario.text!r}: {error}")
            continue
        if (restored.text, restored.file.description) != (scenario.text, scenario.file.description):
            wrong += 1
            print(f"{text!r} is stored as {scenario.text!r} and reads back as {restored.text!r}")
    print(f"{count} files, {valid} of them valid, {wrong} that do not read back")
    return wrong


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1) > 0)
