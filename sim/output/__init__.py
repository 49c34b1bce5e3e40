"""What a run leaves behind: text, tables and charts, each a function from a Run."""

CHART_NAMES = ("bots", "queues", "waits")
EXPERIMENT_CHART_NAMES = ("intervals", "queue", "warmup", "theory")
_STUDIES = ("sweep", "compare", "select")
OUTPUT_FILES = {
    "run": (
        *("result.txt", "orders.csv", "attempts.csv", "events.csv", "metrics.json"),
        *(f"charts/{name}.png" for name in CHART_NAMES),
    ),
    "replicate": ("replications.csv", *(f"charts/{name}.png" for name in EXPERIMENT_CHART_NAMES)),
    **{name: (f"{name}.csv", f"charts/{name}.png") for name in _STUDIES},
}
"""The files that each command may write into its folder."""
