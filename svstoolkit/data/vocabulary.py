"""The vocabulary: which number each phone and each singer has. Built over the training set alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from svstoolkit.data.directory import DataDirectory
from svstoolkit.data.files import write_json
from svstoolkit.errors import InputError
from svstoolkit.score.languages.registry import is_vowel
from svstoolkit.score.song import qualified

PAD = "<pad>"  # id 0 everywhere: padded positions of a batch


@dataclass(frozen=True)
class Vocabulary:
    """Phones and singers by id.

    phones: index = id, `phones[0]` is "<pad>"; named by language, "zh/a", so that one model can sing several
    vowels: the phones among them that sit on the beat (syllable nuclei)
    singers: index = id
    """

    phones: list[str]
    vowels: list[str]
    singers: list[str]

    def __post_init__(self):
        if not self.phones or self.phones[0] != PAD:
            raise ValueError(f"phones[0] must be {PAD!r}, not {self.phones[:1]}")
        for name in ("phones", "singers"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise ValueError(f"{name} has duplicates: {values}")

    @property
    def n_phones(self) -> int:
        """Rows of a phone embedding, the pad included."""
        return len(self.phones)

    @property
    def n_singers(self) -> int:
        return len(self.singers)

    @property
    def languages(self) -> list[str]:
        """Languages of the phones, in C-locale order; pauses and breaths have none."""
        return _sorted({language_of(phone) for phone in self.phones} - {""})

    @property
    def n_languages(self) -> int:
        return len(self.languages)

    @property
    def phone_languages(self) -> list[int]:
        """The language id of each phone id: 1 + the place among `languages`, 0 where there is none."""
        ids = {language: number for number, language in enumerate(self.languages, 1)}
        return [ids.get(language_of(phone), 0) for phone in self.phones]

    def phone_ids(self, phones: Sequence[str], utterance: str = "") -> list[int]:
        """Ids of a phone sequence, `Song.qualified_phones`.

        Raises:
            InputError: a phone the training set does not have; names it and the utterance.
        """
        ids = {phone: number for number, phone in enumerate(self.phones) if phone != PAD}
        for phone in phones:
            if phone not in ids:
                raise InputError(
                    f"utterance {utterance or '(unnamed)'}: phone {phone!r} does not occur in the training set, "
                    f"which has {' '.join(ids)}; change its lyric or move an utterance with {phone!r} into train"
                )
        return [ids[phone] for phone in phones]

    def singer_id(self, singer: str, utterance: str = "") -> int:
        """Id of a singer.

        Raises:
            InputError: a singer the training set does not have; names it and the utterance.
        """
        if singer not in self.singers:
            raise InputError(
                f"utterance {utterance or '(unnamed)'}: singer {singer!r} does not occur in the training set, "
                f"which has {' '.join(self.singers)}; choose one of these or move utterances of {singer!r} into train"
            )
        return self.singers.index(singer)

    def singer_weights(self, mix: Mapping[str, float]) -> list[float]:
        """A mixture of singers, {"alto": 0.7, "bass": 0.3}, as the weight of each of `singers`.

        Raises:
            InputError: a singer the training set does not have, a negative weight, or a sum that is not 1.
        """
        weights = [0.0] * self.n_singers
        for singer, weight in mix.items():
            weights[self.singer_id(singer)] = float(weight)
        spelled = " ".join(f"{singer} {weight}" for singer, weight in mix.items())
        if not all(weight >= 0 for weight in weights) or abs(sum(weights) - 1) > 1e-3:
            raise InputError(f"singers {spelled or '(none)'}: the weights must not be negative, and add up to 1")
        return [weight / sum(weights) for weight in weights]

    def to_json(self, path: str | Path) -> None:
        write_json(path, asdict(self))

    @classmethod
    def from_json(cls, path: str | Path) -> "Vocabulary":
        """Reads what `to_json` wrote.

        Raises:
            InputError: the file is missing or is no vocabulary.
        """
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); run stage 2 first") from error
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}: not a vocabulary ({error}); run stage 2 again") from error


def build_vocabulary(directory: DataDirectory) -> Vocabulary:
    """The vocabulary of a (training) data directory: phones and singers in C-locale order."""
    used = {(phone, directory.language[u]) for u in directory for phone in directory.text[u]}
    vowels = {qualified(phone, language) for phone, language in used if is_vowel(phone, language)}
    return Vocabulary(
        phones=[PAD, *_sorted({qualified(phone, language) for phone, language in used})],
        vowels=_sorted(vowels),
        singers=_sorted(set(directory.speaker.values())),
    )


def language_of(phone: str) -> str:
    """The language of a qualified phone, "zh/a" → "zh"; "" for pauses, breaths and padding."""
    language, slash, _ = phone.partition("/")
    return language if slash else ""


def _sorted(names: set[str]) -> list[str]:
    return sorted(names, key=str.encode)
