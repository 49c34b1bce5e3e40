"""What a run leaves behind: text, tables and charts, each a function from a Run."""

CHART_NAMES = ("bots", "queues", "waits")
EXPERIMENT_CHART_NAMES = ("intervals", "queue", "warmup", "theory")
