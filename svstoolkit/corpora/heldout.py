"""A split for training, validation and test in which no phrase and no phone is heard for the first time in test."""

import zlib
from collections import Counter
from collections.abc import Mapping

import numpy as np

from svstoolkit.data.directory import Utterance
from svstoolkit.errors import InputError


def hold_out(
    utterances: list[Utterance], sizes: Mapping[str, int], seed: int, source: str
) -> dict[str, list[Utterance]]:
    """Splits one singer's utterances into the sets of `sizes` and "train", by phrase: the same lyric stays together.

    Phrases are drawn in an order given by the seed and the speaker; one all of whose phones remain in train
    afterwards is held out, the others stay in train. Each set gets at least its size where it can.

    Args:
        sizes: set → number of utterances wanted, filled in this order.
        seed: of the order.
        source: the corpus, for the message.

    Raises:
        InputError: a set that should have utterances gets none, or train would be empty.
    """
    phrases: dict[tuple[str, ...], list[Utterance]] = {}
    for utterance in sorted(utterances, key=lambda u: u.id):
        phrases.setdefault(tuple(note.lyric for note in utterance.song.notes), []).append(utterance)
    speaker = utterances[0].speaker if utterances else ""
    generator = np.random.default_rng([seed, zlib.crc32(speaker.encode())])
    keys = sorted(phrases)
    drawn = [keys[i] for i in generator.permutation(len(keys))]
    remaining = Counter(phone for group in phrases.values() for u in group for phone in set(u.song.phones))
    sets: dict[str, list[Utterance]] = {}
    for name, size in sizes.items():
        sets[name] = []
        for key in list(drawn):
            if len(sets[name]) >= size:
                break
            used = Counter(phone for u in phrases[key] for phone in set(u.song.phones))
            if len(drawn) > 1 and all(remaining[phone] > count for phone, count in used.items()):
                remaining -= used
                sets[name].extend(phrases[key])
                drawn.remove(key)
        if size and not sets[name]:
            raise InputError(
                f"{source}: no phrase can be held out for {name}: each of its {len(phrases)} phrases has a phone "
                f"that no other has; add recordings or set {name}=0"
            )
    return {"train": [u for key in drawn for u in phrases[key]], **sets}
