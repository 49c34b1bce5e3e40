"""What results leave behind: text, tables, charts and documents, each a function from a result."""

CHART_NAMES = {
    "run": ("bots", "queues", "waits", "day"),
    "replicate": ("intervals", "queue", "warmup", "theory", "day"),
    "sweep": ("sweep",),
    "compare": ("compare",),
    "select": ("select",),
    "staff": ("staffing",),
}
"""The charts that each command may draw."""

_TABLES = {
    "run": ("result.txt", "orders.csv", "attempts.csv", "events.csv", "metrics.json", "page.html"),
    "replicate": ("replications.csv",),
    "sweep": ("sweep.csv",),
    "compare": ("compare.csv", "compare.html"),
    "select": ("select.csv",),
    "staff": ("staffing.csv", "staffing.html"),
}
OUTPUT_FILES = {
    command: (*files, *(f"charts/{name}.png" for name in CHART_NAMES[command])) for command, files in _TABLES.items()
}
"""The files that each command may write into its folder."""
