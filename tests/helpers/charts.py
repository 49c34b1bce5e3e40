"""What stands on a figure."""

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def texts(figure: Figure) -> list:
    """Return all texts that are drawn, with their boxes in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    found = [legend_text for legend in figure.legends for legend_text in legend.get_texts()]
    for axes in figure.axes:
        found += [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title]
        found += [
            tick.label1
            for axis in (axes.xaxis, axes.yaxis)
            for tick in axis.get_major_ticks()
            if tick.label1.get_visible()
            and axis.get_view_interval().min() <= tick.get_loc() <= axis.get_view_interval().max()
        ]
    found += [figure._suptitle] if figure._suptitle else []
    boxed = [(text.get_text(), text.get_window_extent(renderer)) for text in found if text.get_text().strip()]
    assert boxed
    return boxed
