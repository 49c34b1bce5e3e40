"""The site: an index and pages for any static host, in a folder that holds nothing else."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from sim import load_scenario, open_database, replicate, run
from sim.errors import ArgumentError, ScenarioError
from sim.output import page
from sim.site import build_site
from sim.storage import save_replications, save_run
from tests.helpers.browser import axe_faults
from tests.helpers.campaigns import some
from tests.helpers.checks import BROKEN, FAILS, HOLDS, put
from tests.helpers.commands import names, sim

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(autouse=True)
def folder(elsewhere) -> Path:
    put({"scenarios/a.yaml": HOLDS, "scenarios/more/b.yaml": FAILS})
    return elsewhere


def links(page: Path) -> list[str]:
    return re.findall(r'href="(?!data:)([^"]*)"', page.read_text())


def test_scenarios_have_pages_and_the_index_leads_to_each():
    build_site("public")
    pages = {"scenarios/a.html", "scenarios/more/b.html", "kitchen.html"}
    assert names("public") == pages | {"index.html", "vercel.json", "site.json"}
    assert set(links(Path("public/index.html"))) == pages
    index = Path("public/index.html").read_text()
    assert "a.yaml" in index
    assert "more/b.yaml" in index
    assert "<dd>0 of 1 held</dd>" in index
    assert run(load_scenario("scenarios/a.yaml")).fingerprint in Path("public/scenarios/a.html").read_text()


def test_the_newest_stored_runs_of_a_database_have_pages_and_one_that_cannot_be_made_again_says_so():
    with open_database("file:runs.db") as database:
        good = save_run(database, run(load_scenario("scenarios/a.yaml"), seed=3), tags=["monday"])
        bad = save_run(database, run(load_scenario("scenarios/a.yaml"), seed=4))
        scenario = load_scenario("scenarios/a.yaml")
        save_replications(database, scenario, 0, replicate(scenario, times=1).results)
        database.write([("UPDATE runs SET fingerprint = '0123456789abcdef' WHERE id = ?", (bad,))])
    build_site("public", database="file:runs.db")
    assert f"runs/{good}.html" in links(Path("public/index.html"))
    index = Path("public/index.html").read_text()
    assert "monday" in index
    assert f"runs/{bad}.html" not in names("public")
    assert index.count("<h3>certain, 2") + index.count('">certain, 2') == 2
    build_site("public")
    assert not Path("public/runs").exists()


def test_a_scenario_that_is_too_large_for_a_page_has_a_row_that_says_so(monkeypatch):
    monkeypatch.setattr(page, "MOST_ORDERS", 4)
    build_site("public")
    assert "no page of 5 orders; it has at most 4" in Path("public/index.html").read_text()
    assert "scenarios/a.html" not in names("public")


def test_the_same_scenarios_make_the_same_bytes():
    for site in ("one", "two"):
        build_site(site)
    for name in names("one"):
        assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_pages_of_an_earlier_site_go_and_hidden_files_of_hosts_stay():
    build_site("public")
    put({"public/.vercel/project.json": "{}", "public/.gitignore": ".vercel\n"})
    Path("scenarios/a.yaml").rename("scenarios/c.yaml")
    build_site("public")
    assert {name for name in names("public") if name.startswith(("scenarios", "."))} == {
        "scenarios/c.html",
        "scenarios/more/b.html",
        ".vercel/project.json",
        ".gitignore",
    }


@pytest.mark.parametrize("listed", ["", '{"files": ["../precious.txt", 3]}', "[]", "no JSON"])
def test_a_folder_with_other_things_is_left_alone(listed):
    put({"public/scenarios/mine.txt": "mine", "precious.txt": "mine"})
    if listed:
        put({"public/site.json": listed})
    with pytest.raises(
        ArgumentError, match=r"public holds public/\S+, which is not part of a site; name an empty folder"
    ):
        build_site("public")
    Path("public/scenarios/mine.txt").unlink()
    Path("public/site.json").unlink(missing_ok=True)
    build_site("public")
    assert Path("precious.txt").read_text() == "mine"


def test_a_list_of_files_that_names_others_removes_none_of_them():
    put(
        {
            "precious.txt": "mine",
            "public/site.json": '{"files": ["../precious.txt", "site.json", "scenarios/old.html"]}',
        }
    )
    put({"public/scenarios/old.html": "old"})
    build_site("public")
    assert Path("precious.txt").read_text() == "mine"
    assert not Path("public/scenarios/old.html").exists()


def test_wrong_scenarios_are_told_all_at_once_and_nothing_is_written():
    put({"scenarios/x.yaml": BROKEN, "scenarios/y.yaml": BROKEN})
    with pytest.raises(ScenarioError) as caught:
        build_site("public")
    assert len(caught.value.lines) == 4
    assert not Path("public").exists()


def test_scenarios_of_one_name_have_a_page_each():
    put({"scenarios/a b.yaml": HOLDS, "scenarios/a_b.yml": HOLDS, "scenarios/a-b.yaml": HOLDS})
    build_site("public")
    assert len(set(links(Path("public/index.html")))) == 6
    assert all(Path("public", link).is_file() for link in links(Path("public/index.html")))


def test_no_text_of_a_scenario_becomes_markup():
    put({"scenarios/<b>&'.yaml": f"{HOLDS}description: {HOSTILE!r}\n"})
    build_site("public")
    index = Path("public/index.html").read_text()
    assert HOSTILE in unescape(index)
    assert "<img" not in index
    assert "<script" not in index
    assert "<b>" not in index


def test_the_command_says_where_it_is_and_refuses_in_one_line():
    assert sim("site", "--to", "public").stdout == "Site: public/index.html, 4 pages\n"
    put({"public/x.txt": "x"})
    assert (
        "--to: public holds public/x.txt, which is not part of a site" in sim("site", "--to", "public", status=2).stderr
    )
    assert sim("site", "none", "--to", "other", status=2).stderr == "none:1:1: no such file; name one that exists\n"
    assert not Path("other").exists()


# As a host serves it


@contextmanager
def served(folder: str) -> Iterator[str]:
    """Serve a folder with the headers of its vercel.json, and give the address."""
    [rule] = json.loads(Path(folder, "vercel.json").read_text())["headers"]

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self):
            for header in rule["headers"]:
                self.send_header(header["key"], header["value"])
            super().end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_headers_keep_frames_out_and_allow_what_pages_allow():
    build_site("public")
    [rule] = json.loads(Path("public/vercel.json").read_text())["headers"]
    headers = {header["key"]: header["value"] for header in rule["headers"]}
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert policy[-1] == "frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    for file in Path("public").rglob("*.html"):
        hashes = re.findall("'sha256-[^']*'", file.read_text().split('">', 2)[1])
        assert [text for text in hashes if text not in headers["Content-Security-Policy"]] == []


@pytest.mark.slow
def test_it_works_from_a_host_and_from_a_disk_without_a_word_of_the_browser(browser):
    build_site("public")
    with served("public") as host:
        for base in (host, Path("public").absolute().as_uri()):
            for width in (390, 1600):
                with browser.open(f"{base}/index.html", width=width, theme="dark") as tab:
                    assert tab.evaluate("document.documentElement.scrollWidth") == width
                    assert tab.problems == []
            with browser.open(f"{base}/scenarios/more/b.html") as tab:
                tab.until("document.body.innerText.includes('same run')")
                assert tab.problems == []
            with browser.open(f"{base}/kitchen.html") as tab:
                assert tab.problems == []


@pytest.mark.slow
@pytest.mark.parametrize(("width", "theme"), some([(390, "light"), (1400, "dark")], 1))
def test_axe_has_nothing_to_say_of_the_index(browser, width, theme):
    build_site("public")
    url = Path("public/index.html").absolute().as_uri()
    with browser.open(url, width=width, theme=theme) as tab:
        assert axe_faults(tab) == []
