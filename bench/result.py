"""One row of bench/results.json."""


def result(name: str, value: float, unit: str, at_most: float | None = None) -> dict:
    """A figure, and whether it keeps its target; without a target it is only reported."""
    return {"name": name, "value": value, "unit": unit, "target": at_most, "ok": at_most is None or value <= at_most}
