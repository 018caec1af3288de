"""Time and memory of egs/mini's stages, as its last run recorded them."""

from result import result

from svstoolkit.data.stages import STAGE_NAMES, read_stages
from svstoolkit.errors import InputError

TOTAL_SECONDS = 25 * 60  # on 2 cores, the installation included
PEAK_MB = 6 * 1024


def require() -> dict[tuple[int, str], dict]:
    """The stages; raises InputError unless all have run."""
    stages = read_stages("exp/stages.json")
    if len({number for number, _ in stages}) < len(STAGE_NAMES):
        raise InputError(
            f"egs/mini/exp/stages.json has {len(stages)} of {len(STAGE_NAMES)} stages; run make demo first"
        )
    return stages


def measure() -> list[dict]:
    stages = require()
    rows = [result("stages total", sum(s["seconds"] for s in stages.values()), "s", TOTAL_SECONDS)]
    for (number, _), stage in stages.items():
        rows.append(result(f"stage {number} {stage['name']} time", stage["seconds"], "s"))
        rows.append(result(f"stage {number} {stage['name']} peak memory", stage["peak_memory_mb"], "MB", PEAK_MB))
    return rows
