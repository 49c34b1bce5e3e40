"""How charts come about: on a new figure of our own, or on axes or a figure of the caller."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from typing import Generic, TypeVar, overload
from warnings import catch_warnings, filterwarnings

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

from sim.experiment import Size

Result = TypeVar("Result")
Canvas = TypeVar("Canvas", bound=Axes | FigureBase)
Absent = TypeVar("Absent")
"""What comes in place of a chart where there is nothing to draw: None, or Never if there always is something."""


class Chart(Figure):
    """A matplotlib Figure of our own, that notebooks show without further ado."""

    def __init__(self, size: Size) -> None:
        """Begin a figure of a size in inches."""
        super().__init__(figsize=size, layout="constrained")

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=100)
        return picture.getvalue()


@contextmanager
def own_style() -> Iterator[None]:
    """Let files of charts be the same everywhere: no `matplotlibrc` is heard, which may lie in the current folder, and
    no warning: a sign that the font lacks is a box in the chart.
    """
    with mpl.rc_context(), catch_warnings():
        filterwarnings("ignore", category=UserWarning)
        mpl.rcdefaults()
        mpl.rcParams["text.parse_math"] = False
        yield


def _plain_text() -> AbstractContextManager[None]:
    """Make texts that are no formulas: values of parameters may hold dollar signs."""
    return mpl.rc_context({"text.parse_math": False})


class _Drawing(Generic[Result, Canvas, Absent]):
    """A chart of a result, drawn on a canvas of the caller or on a new one; `draw` returns the canvas, or what is there
    in place of a chart when there is nothing to draw.
    """

    def __init__(
        self,
        result: Result,
        draw: Callable[[Result, Canvas], Canvas | Absent],
        size: Size | Callable[[Result], Size],
    ) -> None:
        self.__doc__ = draw.__doc__  # for notebooks: `run.plot.bots?`
        self._result = result
        self._draw = draw
        self._size = size

    def draw_new(self, figsize: Size | None, canvas_of: Callable[[Chart], Canvas]) -> Chart | Absent:
        """Draw on a new chart, on the canvas that it has for that."""
        with _plain_text():
            chart = Chart(figsize or (self._size(self._result) if callable(self._size) else self._size))
            drawn = self.draw_on(canvas_of(chart))
        return chart if isinstance(drawn, Axes | FigureBase) else drawn

    def draw_on(self, canvas: Canvas, figsize: Size | None = None) -> Canvas | Absent:
        """Draw on a canvas of the caller, which has a size of its own.

        Raises:
            ValueError: `figsize` is given.

        """
        if figsize is not None:
            raise ValueError("figsize is the size of a new figure; leave it out where ax or figure is given")
        with _plain_text():
            return self._draw(self._result, canvas)


class AxesChart(_Drawing[Result, Axes, Absent]):
    """A chart of one panel."""

    @overload
    def __call__(self, ax: None = None, figsize: Size | None = None) -> Chart | Absent: ...
    @overload
    def __call__(self, ax: Axes, figsize: None = None) -> Axes | Absent: ...
    def __call__(self, ax: Axes | None = None, figsize: Size | None = None) -> Chart | Axes | Absent:
        return self.draw_new(figsize, Chart.add_subplot) if ax is None else self.draw_on(ax, figsize)


class FigureChart(_Drawing[Result, FigureBase, Absent]):
    """A chart of several panels."""

    @overload
    def __call__(self, figure: None = None, figsize: Size | None = None) -> Chart | Absent: ...
    @overload
    def __call__(self, figure: FigureBase, figsize: None = None) -> FigureBase | Absent: ...
    def __call__(self, figure: FigureBase | None = None, figsize: Size | None = None) -> Chart | FigureBase | Absent:
        return self.draw_new(figsize, lambda chart: chart) if figure is None else self.draw_on(figure, figsize)
