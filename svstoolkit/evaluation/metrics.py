"""The metrics stage 8 reports: their names, units, directions and what exactly they measure."""

from dataclasses import dataclass

from svstoolkit.evaluation.measures.pitch import GROSS_CENTS

# How durations were come by when the singing was decoded
SCORE, REFERENCE_DURATIONS = "score", "reference_durations"
MODES = (SCORE, REFERENCE_DURATIONS)
# Rows every figure is read against
GROUND_TRUTH, CEILING, FLOOR = "ground_truth", "copy_synthesis", "floor"


@dataclass(frozen=True)
class Metric:
    """name: key in results.json; short: table heading; decimals: digits shown; description: for the page"""

    name: str
    short: str
    unit: str
    higher_is_better: bool
    decimals: int
    description: str

    @property
    def arrow(self) -> str:
        return "↑" if self.higher_is_better else "↓"

    def show(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "mcd",
            "MCD",
            "dB",
            False,
            2,
            "Mel-cepstral distortion: distance of the spectral envelopes (WORLD, SPTK's order and warping for the "
            "sampling rate, level c0 left out).",
        ),
        Metric("f0_rmse", "F0 RMSE", "cents", False, 0, "Root mean square F0 error over frames voiced in both."),
        Metric(
            "gross_pitch_error",
            "GPE",
            "%",
            False,
            1,
            f"Frames voiced in both whose F0 is more than {GROSS_CENTS:.0f} cents off; 100 if none is voiced in both.",
        ),
        Metric("vuv_error", "V/UV", "%", False, 1, "Frames voiced in one and unvoiced in the other."),
        Metric("pesq", "PESQ", "MOS-LQO", True, 2, "Wideband PESQ at 16 kHz (ITU-T P.862.2); needs equal timing."),
        Metric("stoi", "STOI", "", True, 3, "Short-time objective intelligibility; needs equal timing."),
        Metric("rtf", "RTF", "", False, 3, "Real-time factor: seconds of computing per second of singing."),
    )
}
NEEDS_EQUAL_TIMING = ("pesq", "stoi")


def set_label(set_name: str, mode: str) -> str:
    """The `set` of a results row: the plain name when sung from the score alone, else with the mode."""
    return set_name if mode == SCORE else f"{set_name}/{mode}"
