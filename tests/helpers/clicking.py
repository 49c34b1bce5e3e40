"""A page in a browser as a person has it: what its areas show, and what is saved."""

import json
from pathlib import Path

from sim import Run, load_scenario, run
from tests.helpers.browser import Tab

AREAS = """(() => {
  const rows = (list) => [...document.querySelectorAll(`${list} > li`)];
  const number = (row) => Number(row.querySelector(".number").textContent) || null;
  const bot = (card) => Number(card.querySelector(".name").textContent.replace("Bot ", ""));
  return {
    pending: rows(".pending ol").map(number),
    processing: rows(".bots").map((card) => [bot(card), number(card)]),
    complete: Number(document.querySelector(".complete .count").textContent.replace(",", "")),
  };
})()"""


def text(tab: Tab, selector: str) -> str:
    return tab.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")


def saved(tab: Tab, folder: Path) -> Run:
    """Save what a page shows, and run that."""
    tab.click("#save")
    (folder / "saved.yaml").write_text(tab.evaluate("document.querySelector('#yaml').value"), encoding="utf-8")
    again = run(load_scenario(folder / "saved.yaml"))
    assert text(tab, "#promised") == again.fingerprint
    tab.click("#close")
    return again
