"""Speech to singing: spoken syllables and a score become a sung phrase.

T. Saitou, M. Goto, M. Unoki, M. Akagi, "Speech-to-singing synthesis: converting speaking voices to singing voices
by controlling acoustic features unique to singing voices", IEEE WASPAA 2007: a vocoder (there STRAIGHT, here
WORLD) takes the speech apart; its three control models, for duration, F0 and spectrum, change the parts; the
vocoder puts them together. The F0 model is in `singing_f0`, the spectral one in `singing_spectrum`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd

import numpy as np

from svstoolkit.corpora.singing_f0 import F0Model, f0_contour, vibrato_contour
from svstoolkit.corpora.singing_spectrum import (
    SpectralModel,
    breath_envelope,
    breath_shape,
    brighten,
    modulate_amplitude,
    singing_formant,
    warp_formants,
)
from svstoolkit.score.song import BREATH, Song

# Lengthening of consonants from speech to singing (Saitou et al. 2007, section 3.2); "palatal" is their /y/.
# They give none for affricates and liquids, which here take the plosives' and the nasals'.
CONSONANT_RATES = {
    "fricative": 1.58,
    "plosive": 1.13,
    "semivowel": 2.07,
    "nasal": 1.77,
    "palatal": 1.13,
    "affricate": 1.13,
    "liquid": 1.77,
}


@dataclass(frozen=True)
class SpokenSyllable:
    """A spoken syllable: at most one consonant, then the vowel part (glides and coda belong to it).

    samples: (n,) float64
    sampling_rate: Hz
    phones: (consonant, vowel) or (vowel,)
    boundaries: seconds in `samples`, len(phones) + 1: where each phone starts, and the end of the last
    manner: the consonant's key in `CONSONANT_RATES`; None without a consonant
    voiceless: whether the consonant is voiceless
    """

    samples: np.ndarray
    sampling_rate: int
    phones: tuple[str, ...]
    boundaries: tuple[float, ...]
    manner: str | None = None
    voiceless: bool = False

    def __post_init__(self):
        if len(self.phones) not in (1, 2) or len(self.boundaries) != len(self.phones) + 1:
            raise ValueError(
                f"a syllable has one or two phones and one boundary more, not {self.phones}, {self.boundaries}"
            )
        if any(b <= a for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(f"boundaries of {self.phones} must ascend: {self.boundaries}")


@dataclass(frozen=True)
class Singer:
    """What makes one singer's voice differ from another's on the same speech.

    formant_warp: factor on all formant frequencies; > 1 is a shorter vocal tract
    brightness: dB per octave added above 1 kHz
    f0: the singer's F0 fluctuations
    spectrum: the singer's singing formant and amplitude modulation
    breathiness: dB added to the aperiodicity of voiced sounds
    """

    formant_warp: float = 1.0
    brightness: float = 0.0
    breathiness: float = 0.0
    f0: F0Model = field(default_factory=F0Model)
    spectrum: SpectralModel = field(default_factory=SpectralModel)


@dataclass(frozen=True)
class DurationModel:
    """Saitou et al. 2007, section 3.2: consonants by fixed rates, the boundary kept, vowels fill the note.

    consonant_rates: lengthening of the consonant by its manner
    boundary_before, boundary_after: seconds around the consonant–vowel boundary that are not stretched (theirs)
    vowel_head, vowel_tail: shares of the spoken vowel kept at spoken speed, so that medial glides and codas stay
        as quick as they were spoken and the steady part between them carries the length (not in the paper, whose
        Japanese vowels are monophthongs)
    max_share: the longest share of what precedes (note or rest) that a consonant may take
    """

    consonant_rates: Mapping[str, float] = field(default_factory=lambda: dict(CONSONANT_RATES))
    boundary_before: float = 0.010
    boundary_after: float = 0.030
    vowel_head: float = 0.40
    vowel_tail: float = 0.30
    max_share: float = 0.45


@dataclass(frozen=True)
class AnalysedSyllable:
    """WORLD's view of a spoken syllable, frames every `frame_period` seconds, cut to the syllable.

    log_envelope: (T, n_fft/2 + 1) float32, natural log of the power spectral envelope
    aperiodicity: (T, n_fft/2 + 1) float32, 0–1
    boundaries: seconds from the first frame
    """

    log_envelope: np.ndarray
    aperiodicity: np.ndarray
    frame_period: float
    sampling_rate: int
    phones: tuple[str, ...]
    boundaries: tuple[float, ...]
    manner: str | None
    voiceless: bool


@dataclass(frozen=True)
class Singing:
    """samples: (n,) float64; label: (start s, end s, phone), contiguous; f0: (T,) Hz, 0 = unvoiced, at k·frame_period."""

    samples: np.ndarray
    sampling_rate: int
    label: list[tuple[float, float, str]]
    f0: np.ndarray
    frame_period: float


def analyse(
    spoken: SpokenSyllable, sampling_rate: int = 24000, frame_period: float = 0.005, f0_floor: float = 71.0
) -> AnalysedSyllable:
    """Takes a spoken syllable apart with WORLD (Harvest, CheapTrick, D4C) at `sampling_rate`.

    Args:
        frame_period: seconds.
        f0_floor: Hz; also sets CheapTrick's FFT size, the smallest power of two above 3·sampling_rate/f0_floor.
    """
    import pyworld
    from scipy.signal import resample_poly

    divisor = gcd(sampling_rate, spoken.sampling_rate)
    samples = resample_poly(spoken.samples, sampling_rate // divisor, spoken.sampling_rate // divisor)
    period_ms = 1000 * frame_period
    f0, times = pyworld.harvest(samples, sampling_rate, f0_floor=f0_floor, frame_period=period_ms)
    if spoken.voiceless:  # Harvest extends voicing into consonants; the kind of consonant is known better
        f0[times < spoken.boundaries[1]] = 0.0
    n_fft = pyworld.get_cheaptrick_fft_size(sampling_rate, f0_floor)
    envelope = pyworld.cheaptrick(samples, f0, times, sampling_rate, f0_floor=f0_floor, fft_size=n_fft)
    aperiodicity = pyworld.d4c(samples, f0, times, sampling_rate, fft_size=n_fft)
    first = int(spoken.boundaries[0] / frame_period)
    last = min(int(np.ceil(spoken.boundaries[-1] / frame_period)) + 1, len(times))
    return AnalysedSyllable(
        log_envelope=np.log(envelope[first:last] + 1e-16).astype(np.float32),
        aperiodicity=aperiodicity[first:last].astype(np.float32),
        frame_period=frame_period,
        sampling_rate=sampling_rate,
        phones=spoken.phones,
        boundaries=tuple(b - first * frame_period for b in spoken.boundaries),
        manner=spoken.manner,
        voiceless=spoken.voiceless,
    )


def phone_timing(
    song: Song, syllables: Sequence[SpokenSyllable | AnalysedSyllable], durations: DurationModel | None = None
) -> list[tuple[float, float, str]]:
    """The sung phones' times: every vowel starts on its note, its consonant just before.

    Consonants last as spoken times their rate, rounded to the millisecond, and at most `max_share` of the note or
    rest they are taken from. A note continuing a syllable repeats the vowel from its own onset.

    Args:
        song: contiguous notes; its first note must be a rest, from which a first consonant takes its time.
        syllables: one for each note that is neither rest nor continuation, in order.

    Returns:
        (start s, end s, phone), contiguous from 0 to the song's end, phones as in `song.phones`.

    Raises:
        ValueError: the song does not start with a rest, or notes and syllables do not fit together.
    """
    durations = durations or DurationModel()
    if not song.notes or not song.notes[0].is_rest:
        raise ValueError("the song must start with a rest")
    remaining = iter(syllables)
    starts: list[tuple[float, str]] = []
    before = song.notes[0]
    for note in song.notes:
        if note.is_rest or note.slur:
            starts.append((note.onset, note.phones[0]))
        else:
            syllable = next(remaining, None)
            if syllable is None or syllable.phones != note.phones:
                spoken = "none" if syllable is None else " ".join(syllable.phones)
                raise ValueError(
                    f"note {note.lyric} at {note.onset:.3f} s has phones {note.phones}; speech has {spoken}"
                )
            if len(syllable.phones) == 2:
                spoken = syllable.boundaries[1] - syllable.boundaries[0]
                length = min(spoken * durations.consonant_rates[syllable.manner], durations.max_share * before.duration)
                starts.append((round(note.onset - length, 3), note.phones[0]))
            starts.append((note.onset, note.phones[-1]))
        before = note
    if next(remaining, None) is not None:
        raise ValueError("more syllables than notes that begin one")
    ends = [start for start, _ in starts[1:]] + [song.duration]
    return [(start, end, phone) for (start, phone), end in zip(starts, ends, strict=True)]


def speech_to_singing(
    syllables: Sequence[SpokenSyllable | AnalysedSyllable],
    song: Song,
    singer: Singer | None = None,
    durations: DurationModel | None = None,
    seed: int = 0,
    sampling_rate: int = 24000,
    frame_period: float = 0.005,
    crossfade: float = 0.03,
    attack: float = 0.03,
    release: float = 0.08,
    breath_level: float = -26.0,
    accent: float = 1.0,
    rms: float = 0.1,
    peak: float = 0.9,
) -> Singing:
    """Sings `song` with the spoken `syllables`.

    Args:
        syllables: one per note that begins a syllable, in order; already analysed ones are taken as they are
            (analyse once, sing often).
        song: contiguous notes, the first a rest; rests with phone "AP" sound as breaths.
        seed: of the fine F0 fluctuation and the accents; equal arguments give equal samples.
        crossfade: seconds over which neighbouring syllables melt together.
        attack, release: seconds in which sound rises after and falls before a rest.
        breath_level: dB of a breath against the mean vowel.
        accent: dB, standard deviation of a syllable's level around the phrase's.
        rms, peak: level of the sounding part, and the largest sample allowed; the softer of the two wins.

    Returns:
        exactly round(song.duration·sampling_rate) samples, the phones' exact times and the F0 sung.

    Raises:
        ValueError: song and syllables do not fit together, see `phone_timing`.
    """
    import pyworld

    singer = singer or Singer()
    durations = durations or DurationModel()
    random = np.random.default_rng(seed)
    analysed = [s if isinstance(s, AnalysedSyllable) else analyse(s, sampling_rate, frame_period) for s in syllables]
    label = phone_timing(song, analysed, durations)
    times = np.arange(int(np.ceil(song.duration / frame_period)) + 1) * frame_period

    spans = _spans(song, label)
    levels = accent * random.standard_normal(len(analysed)) * np.log(10) / 10
    log_envelope, aperiodicity, sounding = _timeline(analysed, spans, levels, times, durations, crossfade)
    voiced = sounding & ~_voiceless(analysed, spans, times)
    log_envelope = warp_formants(log_envelope, singer.formant_warp)
    log_envelope = brighten(log_envelope, sampling_rate, singer.brightness)
    aperiodicity = np.minimum(aperiodicity * 10 ** (singer.breathiness / 20), 1.0)
    log_envelope, aperiodicity = singing_formant(log_envelope, aperiodicity, voiced, sampling_rate, singer.spectrum)
    log_envelope = modulate_amplitude(log_envelope, vibrato_contour(song, times, singer.f0), singer.spectrum.am_depth)
    log_envelope = log_envelope + 2 * np.log(_loudness(spans, times, attack, release))[:, None]
    _breathe(log_envelope, aperiodicity, label, times, voiced, breath_level)
    f0 = np.where(voiced, f0_contour(song, len(times), frame_period, singer.f0, random), 0.0)
    aperiodicity[~voiced] = 1.0
    samples = pyworld.synthesize(f0, np.exp(log_envelope), aperiodicity, sampling_rate, 1000 * frame_period)
    samples = np.resize(samples, round(song.duration * sampling_rate))
    level = np.sqrt(np.mean(samples[np.interp(np.arange(len(samples)) / sampling_rate, times, sounding) > 0.5] ** 2))
    samples *= min(rms / level, peak / np.max(np.abs(samples)))
    return Singing(samples, sampling_rate, label, f0, frame_period)


_SILENCE = np.log(1e-16)


@dataclass(frozen=True)
class _Span:
    """Where one syllable sounds: from its first phone's start through its continuations; whether rests touch it."""

    start: float
    vowel: float
    end: float
    after_rest: bool
    before_rest: bool


def _spans(song: Song, label: list[tuple[float, float, str]]) -> list[_Span]:
    phones = iter(label)
    rows: list[list] = []  # [start, vowel, end] of each syllable, None for a rest
    for note in song.notes:
        times = [next(phones) for _ in note.phones]
        if note.is_rest:
            rows.append(None)
        elif note.slur:
            rows[-1][2] = times[-1][1]
        else:
            rows.append([times[0][0], times[-1][0], times[-1][1]])
    padded = [None, *rows, None]
    return [
        _Span(*row, after_rest=padded[i] is None, before_rest=padded[i + 2] is None)
        for i, row in enumerate(rows)
        if row is not None
    ]


def _timeline(analysed, spans, levels, times, durations, crossfade):
    """Envelope, aperiodicity (T, n_bins) and whether a syllable sounds (T,): the syllables laid along the phrase."""
    shape = (len(times), analysed[0].log_envelope.shape[1])
    log_envelope, aperiodicity, weights = np.zeros(shape), np.zeros(shape), np.zeros(len(times))
    sounding = np.zeros(len(times), dtype=bool)
    for syllable, span, level in zip(analysed, spans, levels, strict=True):
        before = 0.0 if span.after_rest else crossfade / 2
        after = 0.0 if span.before_rest else crossfade / 2
        here = np.flatnonzero((times >= span.start - before) & (times < span.end + after))
        t = times[here]
        rise = np.clip((t - span.start + before) / (2 * before), 1e-3, 1) if before else np.ones(len(t))
        fall = np.clip((span.end + after - t) / (2 * after), 1e-3, 1) if after else np.ones(len(t))
        weight = np.minimum(rise, fall)
        position = _source_times(syllable, span, t, durations) / syllable.frame_period
        lower = np.clip(position.astype(int), 0, len(syllable.log_envelope) - 2)
        share = np.clip(position - lower, 0, 1)[:, None]
        for target, source, offset in (
            (log_envelope, syllable.log_envelope, level - _vowel_level(syllable)),
            (aperiodicity, syllable.aperiodicity, 0.0),
        ):
            target[here] += weight[:, None] * (source[lower] * (1 - share) + source[lower + 1] * share + offset)
        weights[here] += weight
        sounding |= (times >= span.start) & (times < span.end)
    filled = weights > 0
    log_envelope[filled] /= weights[filled, None]
    aperiodicity[filled] /= weights[filled, None]
    log_envelope[~filled], aperiodicity[~filled] = _SILENCE, 1.0
    return log_envelope, aperiodicity, sounding


def _source_times(syllable: AnalysedSyllable, span: _Span, times: np.ndarray, durations: DurationModel) -> np.ndarray:
    """Where in the speech each sung time comes from: piecewise linear, the boundary and the vowel's ends unstretched."""
    start, vowel, end = syllable.boundaries[0], syllable.boundaries[-2], syllable.boundaries[-1]
    spoken, sung = end - vowel, span.end - span.vowel
    scale = min(1.0, sung / spoken)
    head = max(durations.vowel_head * spoken, durations.boundary_after)
    tail = durations.vowel_tail * spoken
    source = [vowel, vowel + head, end - tail, end]
    target = [span.vowel, span.vowel + scale * head, span.end - scale * tail, span.end]
    if vowel > start:
        kept = min(durations.boundary_before, 0.5 * (vowel - start), 0.5 * (span.vowel - span.start))
        source = [start, vowel - kept, *source]
        target = [span.start, span.vowel - kept, *target]
    return np.interp(times, target, source)


def _vowel_level(syllable: AnalysedSyllable) -> float:
    """Log of the mean power of the middle half of the vowel."""
    vowel, end = (b / syllable.frame_period for b in syllable.boundaries[-2:])
    middle = slice(int(vowel + 0.25 * (end - vowel)), max(int(vowel + 0.75 * (end - vowel)), int(vowel) + 1))
    return float(np.log(np.mean(np.exp(syllable.log_envelope[middle].astype(np.float64)))))


def _voiceless(analysed, spans, times) -> np.ndarray:
    """(T,) True inside voiceless consonants."""
    inside = np.zeros(len(times), dtype=bool)
    for syllable, span in zip(analysed, spans, strict=True):
        if syllable.voiceless:
            inside |= (times >= span.start) & (times < span.vowel)
    return inside


def _loudness(spans: list[_Span], times: np.ndarray, attack: float, release: float) -> np.ndarray:
    """(T,) amplitude factor: raised-cosine rise after rests and fall before them."""
    factor = np.ones(len(times))
    for span in spans:
        if span.after_rest:
            rise = np.clip((times - span.start) / min(attack, span.end - span.start), 0, 1)
            here = (times >= span.start) & (times < span.end)
            factor[here] *= (0.5 - 0.5 * np.cos(np.pi * rise))[here]
        if span.before_rest:
            fall = np.clip((span.end - times) / min(release, span.end - span.vowel), 0, 1)
            here = (times >= span.vowel) & (times < span.end)
            factor[here] *= (0.5 - 0.5 * np.cos(np.pi * fall))[here]
    return np.maximum(factor, 1e-4)


def _breathe(log_envelope, aperiodicity, label, times, voiced, level) -> None:
    """Puts breaths on the "AP" intervals, in place."""
    envelope = breath_envelope(log_envelope[voiced], level)
    for start, end, phone in label:
        if phone == BREATH:
            here = (times >= start) & (times < end)
            shape = breath_shape((times[here] - start) / (end - start))
            log_envelope[here] = envelope + 2 * np.log(np.maximum(shape, 1e-4))[:, None]
            aperiodicity[here] = 1.0
