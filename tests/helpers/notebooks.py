"""Notebooks: run by a kernel of Jupyter, as they are committed, and how one differs from another."""

import base64
import difflib
import io
import os
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

from tests.helpers.programs import fork
from tests.helpers.waiting import PATIENCE

_COMPILED = "import sim.engines; sim.engines.LONG = 0\n"
"""The compiled engine from the first run on: it makes the same numbers in a tenth of the time."""
_KERNEL = """
import asyncio, os, sys, warnings
sys.settrace(None)
warnings.resetwarnings()
for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
    warnings.simplefilter("ignore", category)
os.environ.clear()
os.environ.update(ENVIRONMENT)
os.chdir(FOLDER)
import matplotlib
from matplotlib._pylab_helpers import Gcf
Gcf.destroy_all()  # figures that other tests left open would be shown by the first cell
matplotlib.rcdefaults()
matplotlib.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
sys.modules.pop("matplotlib.pyplot", None)
import pandas
pandas.set_option("display.max_columns", 20)  # which is 0 where no kernel imports it
asyncio.set_event_loop(asyncio.new_event_loop())
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""
"""A kernel of Jupyter in a fork: with warnings, settings and an event loop as a Python of its own has them.

Coverage is not measured there: it would double the time, and the tests of `sim/` reach more than notebooks do.
"""
_COLOURS = 64  # of a picture: letters and lines look the same, in a third of the bytes


def executed(path: Path, settings: Path) -> NotebookNode:
    """Return a notebook as it is after a run, with nothing in it that depends on the machine or the time.

    `settings` is an empty folder for those of IPython. Its kernel is a fork of this process, which has loaded most of
    all that notebooks import: that spares two seconds.
    """
    startup = settings / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "compiled.py").write_text(_COMPILED, encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=PATIENCE, resources=resources, record_timing=False, coalesce_streams=True)
    with patch("jupyter_client.provisioning.local_provisioner.launch_kernel", _forked_kernel):
        client.execute(env=os.environ | {"IPYTHONDIR": str(settings)})
    notebook.metadata.language_info = {"name": "python"}  # its version is that of this machine
    return notebook


def _forked_kernel(command: list[str], env: dict[str, str], cwd: str, **_: Any) -> subprocess.Popen:
    """Start a kernel of Jupyter, as its `launch_kernel` does."""
    module = command.index("ipykernel_launcher")
    code = _KERNEL.replace("ENVIRONMENT", repr(dict(env))).replace("FOLDER", repr(cwd))
    return fork(*command[module + 1 :], code=code, streams={"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL})


def with_small_pictures(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with pictures of few colours, as they are committed."""
    for data in _pictures(notebook):
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
        small = io.BytesIO()
        picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        data["image/png"] = base64.b64encode(small.getvalue()).decode()
    return notebook


def difference(committed: NotebookNode, run: NotebookNode) -> str:
    """Return how a run differs from the committed notebook, line by line, or nothing.

    Of pictures only their being there counts: their bytes differ from one build of matplotlib to the next.
    """
    before, after = (_readable(notebook).splitlines() for notebook in (committed, run))
    return "\n".join(difflib.unified_diff(before, after, "committed", "run", lineterm=""))


def _readable(notebook: NotebookNode) -> str:
    without_pictures = nbformat.from_dict(notebook)
    for data in _pictures(without_pictures):
        data["image/png"] = "a picture"
    return nbformat.writes(without_pictures)


def _pictures(notebook: NotebookNode) -> list[NotebookNode]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data for output in outputs if "image/png" in output.get("data", {})]
