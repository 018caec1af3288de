"""Mel-cepstral distortion."""

import numpy as np


def frame_distortion(cepstra: np.ndarray, reference: np.ndarray, with_c0: bool = False) -> np.ndarray:
    """Mel-cepstral distortion of each pair of frames (Kubichek 1993): (P,) dB.

        10/ln 10 · √(2 Σ_m (c_t(m) − ĉ_t(m))²)

    Σ starts at m = 1: c(0), the level, is left out unless `with_c0` (ESPnet's scorer includes it). How frames are
    paired is the caller's choice and part of the figure: frame t with frame t where timing is equal, which charges
    errors of timing as errors of timbre; or by `dtw_path`, which forgives them, and is lower for the same voices.

    Args:
        cepstra, reference: (P, order + 1), c(0) first; row p of one belongs to row p of the other

    Raises:
        ValueError: the two are not of one shape, or empty.
    """
    if cepstra.shape != reference.shape or not len(cepstra):
        raise ValueError(f"need two equal, non-empty sets of frames, not {cepstra.shape} and {reference.shape}")
    first = 0 if with_c0 else 1
    squared = ((cepstra[:, first:] - reference[:, first:]) ** 2).sum(axis=1)
    return 10.0 / np.log(10.0) * np.sqrt(2.0 * squared)


def mel_cepstral_distortion(cepstra: np.ndarray, reference: np.ndarray, with_c0: bool = False) -> float:
    """Mean mel-cepstral distortion in dB of frames that are already paired; see `frame_distortion`."""
    return float(np.mean(frame_distortion(cepstra, reference, with_c0)))
