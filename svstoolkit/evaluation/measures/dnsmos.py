"""DNSMOS P.835: the listeners' three ratings of ITU-T P.835, predicted from the signal alone.

Reddy, Gopal and Cutler 2022, "DNSMOS P.835" (arXiv 2110.01763). The network is the one that the package `speechmos`
carries; it is run here directly, because that package's own function also computes P.808 and needs librosa for it.
The figures are the same. The network was trained on noisy speech: between singers it ranks processing noise, not
singing.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from svstoolkit.evaluation.measures.resampling import resampled

RATE = 16000  # Hz
WINDOW = 9.01  # s, the length of the network's input; windows follow each other by one second
NAMES = ("sig", "bak", "ovrl")
# Second-order polynomials from the network's outputs to ratings, the highest power first (speechmos, dnsmos.py)
CALIBRATION = np.array(
    [
        [-0.08397278, 1.22083953, 0.0052439],
        [-0.13166888, 1.60915514, -0.39604546],
        [-0.06766283, 1.11546468, 0.04602535],
    ]
)


def dnsmos(audio: np.ndarray, sampling_rate: int) -> dict[str, float]:
    """Predicted ratings 1 … 5 of the signal (sig), the background (bak) and the whole (ovrl); higher is better.

    A signal shorter than 9.01 s is repeated until it is not; of a longer one, windows a second apart are averaged.
    One thread, so that processes may run side by side.

    Args:
        audio: (L,) in [−1, 1]
        sampling_rate: Hz; resampled to 16 kHz

    Raises:
        ValueError: the signal is empty or not finite.
    """
    if not len(audio):
        raise ValueError("has no samples")
    if not np.isfinite(audio).all():
        raise ValueError("has samples that are not finite")
    at_16k = np.clip(resampled(audio, sampling_rate, RATE), -1.0, 1.0)  # the filter may overshoot
    raw = np.concatenate([_session().run(None, {"input_1": w[None]})[0] for w in _windows(at_16k)]).astype(np.float64)
    square, linear, constant = CALIBRATION.T
    ratings = (square * raw + linear) * raw + constant
    return dict(zip(NAMES, map(float, ratings.mean(axis=0)), strict=True))


def _windows(audio: np.ndarray) -> np.ndarray:
    """(L,) at 16 kHz → (W, 144160) float32."""
    length = int(WINDOW * RATE)
    while len(audio) < length:
        audio = np.append(audio, audio)
    starts = np.arange(int(len(audio) // RATE - WINDOW) + 1)
    # speechmos leaves out a window that rounding has made a sample shorter than the others
    ends = ((starts + WINDOW) * RATE).astype(int)
    starts = RATE * starts[ends - RATE * starts == length]
    return np.lib.stride_tricks.sliding_window_view(audio, length)[starts].astype(np.float32)


@lru_cache(maxsize=1)
def _session():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])


def _weights() -> Path:
    # by the installed distribution: UTMOS's code is a package of the same name, which an import could find instead
    from importlib.metadata import distribution

    return Path(distribution("speechmos").locate_file("speechmos/dnsmos_models/sig_bak_ovr.onnx"))
