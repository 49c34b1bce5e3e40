"""What tests share: kitchens, servers, and ways to run the program."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
