"""What of a voice survives WORLD: recordings against their own copy-synthesis, coded as FFT-NPSS has it and uncoded.

    python bench/world_bench/copy_synthesis.py vocadito=vocadito_1.wav yuki=utau_yuki/audio

Each argument is a name and a file or folder of recordings; at most --files of them, --seconds of each. F0 is Harvest's,
the metrics are stage 8's; "F0 cents" is the median of F0's departure from the recording's in cents.
"""

import argparse
from pathlib import Path

import numpy as np
import pyworld

from svstoolkit.data.audio import read_audio
from svstoolkit.evaluation.comparison import Comparison, pair_frames
from svstoolkit.evaluation.families import compare
from svstoolkit.evaluation.recording import analyse
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.features.f0 import extract_f0
from svstoolkit.features.world import World
from svstoolkit.units import cents_between

METRICS = ("mcd", "gross_pitch_error", "vuv_error")
SOUNDS = (".wav", ".flac")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("recordings", nargs="+", metavar="NAME=PATH")
    options.add_argument("--files", type=int, default=4)
    options.add_argument("--seconds", type=float, default=12.0)
    args = options.parse_args()
    definition = FeatureDefinition(world=True)
    columns = ("recordings", "s", "MCD dB", "F0 cents", "gross pitch error %", "voicing error %", "level dB")
    print("|", " | ".join((*columns, "uncoded: MCD dB", "F0 cents")), "|")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, _, place in (argument.partition("=") for argument in args.recordings):
        rows, seconds = [], 0.0
        for path in chosen(Path(place), args.files):
            audio = read_audio(path, definition.sampling_rate, name).astype(np.float64)
            audio = audio[: round(args.seconds * definition.sampling_rate)]
            f0 = extract_f0(audio, definition)
            audio = audio[: len(f0) * definition.hop_length]
            seconds += len(audio) / definition.sampling_rate
            world = World.of(definition)
            coded = figures(audio, world.synthesise(world.analyse(audio, f0), f0), definition)
            rows.append([*coded, *figures(audio, uncoded(audio, f0, world), definition)[:2]])
        print(f"| {name} | {seconds:.0f} |", " | ".join(f"{mean:.1f}" for mean in np.nanmean(rows, axis=0)), "|")


def chosen(place: Path, count: int) -> list[Path]:
    """Recordings spread over a folder, or the one file."""
    files = sorted(p for p in place.rglob("*") if p.suffix in SOUNDS) if place.is_dir() else [place]
    return [files[i] for i in np.unique(np.linspace(0, len(files) - 1, count).astype(int))]


def uncoded(audio: np.ndarray, f0: np.ndarray, world: World) -> np.ndarray:
    """WORLD's copy-synthesis from whole envelopes, at the same frames."""
    f0 = f0.astype(np.float64)
    times = (np.arange(len(f0)) + 0.5) * world.hop_length / world.sampling_rate
    envelope = pyworld.cheaptrick(audio, f0, times, world.sampling_rate, fft_size=world.fft_size)
    periodicity = pyworld.d4c(audio, f0, times, world.sampling_rate, threshold=0.0, fft_size=world.fft_size)
    places = np.arange(-1, len(f0) + 1).clip(0, len(f0) - 1)
    period = 1000.0 * world.hop_length / world.sampling_rate
    voice = pyworld.synthesize(f0[places], envelope[places], periodicity[places], world.sampling_rate, period)
    return voice[world.hop_length // 2 :][: len(audio)]


def figures(recording: np.ndarray, voice: np.ndarray, definition: FeatureDefinition) -> list[float]:
    """MCD dB, F0 cents cents, gross pitch error %, voicing error %, level dB."""
    ours, theirs = (analyse(sound, definition, "harvest") for sound in (voice, recording))
    values, _ = compare(
        Comparison(ours, theirs, pair_frames(ours, theirs, definition, True), definition, True), METRICS
    )
    both = (ours.f0 > 0) & (theirs.f0 > 0)
    cents = np.median(np.abs(cents_between(ours.f0[both], theirs.f0[both])))
    mcd, gross, voicing = (np.nan if values[name] is None else values[name] for name in METRICS)
    return [mcd, cents, gross, voicing, 20 * np.log10(voice.std() / recording.std())]


if __name__ == "__main__":
    main()
