"""How phones are articulated: each phone of each language as IPA, and each IPA sound as a point in feature space."""

import unicodedata
from functools import cache

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.score.song import REST_PHONES

# Of our phone names, by language, where they are not IPA already. A final or diphthong is the sounds it passes through.
_MANDARIN = """
b p | p pʰ | m m | f f | d t | t tʰ | n n | l l | g k | k kʰ | h x | j tɕ | q tɕʰ | x ɕ | zh ʈʂ | ch ʈʂʰ | sh ʂ | r ɻ
z ts | c tsʰ | s s | y j | w w | a a | o uo | e ɤ | ai ai | ei ei | ao au | ou ou | an an | en ən | ang aŋ | eng əŋ
ong uŋ | er aɻ | i i | ia ia | ie ie | iao iau | iu iou | ian iɛn | in in | iang iaŋ | ing iŋ | iong iuŋ | u u | ua ua
uo uo | uai uai | ui uei | uan uan | un uən | uang uaŋ | v y | ve yɛ | van yɛn | vn yn
"""
_JAPANESE = """
a a | i i | u ɯ | e e | o o | N ɴ | cl ʔ | k k | ky kʲ | kw kʷ | g ɡ | gy ɡʲ | gw ɡʷ | ng ŋ | s s | sw sʷ | sh ɕ | z z
zw zʷ | j dʑ | t t | ty tʲ | tw tʷ | ts ts | ch tɕ | d d | dy dʲ | dw dʷ | n n | ny ɲ | nw nʷ | h h | hy ç | f ɸ | fy ɸʲ
b b | by bʲ | bw bʷ | p p | py pʲ | pw pʷ | m m | my mʲ | mw mʷ | y j | r ɾ | ry ɾʲ | rw ɾʷ | w w | v v | vy vʲ
"""
_ENGLISH = """
AA ɑ | AE æ | AH ʌ | AO ɔ | AW aʊ | AX ə | AY aɪ | B b | CH tʃ | D d | DH ð | EH ɛ | ER ɝ | EY eɪ | F f | G ɡ | HH h
IH ɪ | IY i | JH dʒ | K kʰ | L l | M m | N n | NG ŋ | OW oʊ | OY ɔɪ | P pʰ | R ɹ | S s | SH ʃ | T tʰ | TH θ | UH ʊ
UW u | V v | W w | Y j | Z z | ZH ʒ
"""
_KOREAN = """
g k | kk k | n n | d t | tt t | r ɾ | m m | b p | pp p | s s | ss s | j dʑ | jj tɕ | ch tɕʰ | k kʰ | t tʰ | p pʰ | h h
K k | N n | T t | L l | M m | P p | NG ŋ | a a | ae ɛ | ya ja | yae jɛ | eo ʌ | e e | yeo jʌ | ye je | o o | wa wa
wae wɛ | oe we | yo jo | u u | wo wʌ | we we | wi wi | yu ju | eu ɯ | ui ɯi | i i
"""
_TABLES = {"zh": _MANDARIN, "ja": _JAPANESE, "en": _ENGLISH, "ko": _KOREAN}

# Consonants: place (0 lips … 1 glottis), manner (0 stop, .3 affricate, .6 fricative, 1 tap or approximant),
# voice, nasal, lateral or rhotic, sibilant.
_PLACES = {
    0.0: "p b m ɸ β ʙ",
    0.07: "f v ɱ ʋ",
    0.2: "θ ð",
    0.28: "t d n s z r ɾ l ɫ ɹ ts dz ɬ ɝ",
    0.37: "ʈ ɖ ɳ ʂ ʐ ɻ ɽ ɭ ʈʂ ɖʐ",
    0.42: "ʃ ʒ tʃ dʒ",
    0.46: "ɕ ʑ tɕ dʑ",
    0.52: "c ɟ ɲ ç ʝ j ɥ ʎ",
    0.68: "k ɡ ŋ x ɣ ɰ w",
    0.8: "q ɢ ɴ χ ʁ ʀ",
    0.92: "ħ ʕ",
    1.0: "h ɦ ʔ",
}
_MANNERS = {
    0.0: "p b t d ʈ ɖ c ɟ k ɡ q ɢ ʔ m ɱ n ɳ ɲ ŋ ɴ",
    0.3: "ts dz tʃ dʒ ʈʂ ɖʐ tɕ dʑ",
    0.6: "ɸ β f v θ ð s z ʃ ʒ ʂ ʐ ɕ ʑ ç ʝ x ɣ χ ʁ ħ ʕ h ɦ ɬ",
    1.0: "ʋ ɹ ɻ j ɥ ʎ w ɰ l ɫ ɭ r ʀ ʙ ɾ ɽ ɝ",
}
_VOICED = frozenset(
    "b d ɖ ɟ ɡ ɢ m ɱ n ɳ ɲ ŋ ɴ dz dʒ ɖʐ dʑ β v ð z ʒ ʐ ʑ ʝ ɣ ʁ ʕ ɦ ʋ ɹ ɻ j ɥ ʎ w ɰ l ɫ ɭ r ʀ ʙ ɾ ɽ".split()
)
_NASAL = frozenset("m ɱ n ɳ ɲ ŋ ɴ".split())
_LIQUID = frozenset("l ɫ ɭ ʎ ɬ r ʀ ʁ ɾ ɽ ɹ ɻ".split())
_SIBILANT = frozenset("s z ʃ ʒ ʂ ʐ ɕ ʑ ts dz tʃ dʒ ʈʂ ɖʐ tɕ dʑ".split())
# Vowels: height (1 close), backness (1 back), rounding; ɝ besides is rhotic.
_VOWELS = {
    "i": (1.0, 0.0, 0), "y": (1.0, 0.0, 1), "ɨ": (1.0, 0.5, 0), "ʉ": (1.0, 0.5, 1), "ɯ": (1.0, 0.9, 0),
    "u": (1.0, 1.0, 1), "ɪ": (0.85, 0.15, 0), "ʏ": (0.85, 0.15, 1), "ʊ": (0.85, 0.85, 1), "e": (0.7, 0.0, 0),
    "ø": (0.7, 0.0, 1), "ɘ": (0.7, 0.5, 0), "ɵ": (0.7, 0.5, 1), "ɤ": (0.7, 0.9, 0), "o": (0.7, 1.0, 1),
    "ə": (0.5, 0.5, 0), "ɛ": (0.35, 0.05, 0), "œ": (0.35, 0.05, 1), "ɜ": (0.35, 0.5, 0), "ɝ": (0.45, 0.5, 0),
    "ɚ": (0.5, 0.5, 0), "ʌ": (0.3, 0.75, 0), "ɔ": (0.3, 1.0, 1), "æ": (0.15, 0.1, 0), "ɐ": (0.15, 0.5, 0),
    "a": (0.0, 0.35, 0), "ɑ": (0.0, 0.9, 0), "ɒ": (0.0, 1.0, 1),
}  # fmt: skip
_MARKS = "ʰʲʷːˑ"  # after a sound: aspirated, palatalised, labialised, long
_NASALISED = "\u0303"
PHONE_CLASSES = ("plosive", "affricate", "fricative", "nasal", "liquid or glide", "vowel", "pause")
_DIMENSIONS = 12
# How much each feature counts in a distance: is it a vowel; height, backness, rounding; place, manner, voice, nasal,
# liquid, sibilant; aspirated; secondary articulation.
_WEIGHTS = np.array([3.0, 1.2, 1.0, 0.3, 1.6, 1.4, 0.6, 1.2, 0.8, 0.7, 0.25, 0.3])


@cache
def ipa_of(phone: str, language: str) -> str:
    """A phone of one of our languages in IPA; phones of languages labelled in IPA are their own.

    Raises:
        InputError: not known.
    """
    if language in _TABLES:
        table = dict(cell.split() for cell in _TABLES[language].replace("\n", "|").split("|") if cell.strip())
        if phone not in table:
            raise InputError(f"phone {phone!r} of {language} has no articulation here; name one for it in a phone map")
        return table[phone]
    return unicodedata.normalize("NFD", phone).replace("c\u0327", "ç")  # no mark, but a sound of its own


def sounds_of(ipa: str) -> np.ndarray:
    """IPA as points in feature space, one per sound in order: (K, 12), weighted so that distances mean something.

    Raises:
        InputError: a symbol that is not known.
    """
    points: list[np.ndarray] = []
    position = 0
    while position < len(ipa):
        for size in (2, 1):
            if (point := _point(ipa[position : position + size])) is not None and position + size <= len(ipa):
                points.append(point)
                break
        else:
            if not points or (ipa[position] not in _MARKS + _NASALISED and unicodedata.category(ipa[position]) != "Mn"):
                raise InputError(f"{ipa!r}: {ipa[position]!r} is no sound of the IPA that is known here")
            points[-1] = _marked(points[-1], ipa[position])
            size = 1
        position += size
    return np.array(points)


@cache
def class_of_phone(phone: str, language: str) -> str:
    """One of PHONE_CLASSES: "vowel" where a phone has one in it, as Mandarin finals do; rests are pauses.

    Raises:
        InputError: not known.
    """
    if phone in REST_PHONES:
        return "pause"
    sounds = sounds_of(ipa_of(phone, language)) / _WEIGHTS
    if np.any(sounds[:, 0]):
        return "vowel"
    manner, nasal, liquid = sounds[0, 5], sounds[0, 7], sounds[0, 8]
    if nasal:
        return "nasal"
    if liquid or manner > 0.9:
        return "liquid or glide"
    if manner > 0.5:
        return "fricative"
    released = len(sounds) > 1 and 0.5 < sounds[1, 5] < 0.9  # a plosive into a fricative, as in "pf"
    return "affricate" if manner > 0.1 or released else "plosive"


@cache
def _point(sound: str) -> np.ndarray | None:
    point = np.zeros(_DIMENSIONS)
    if sound in _VOWELS:
        point[:4] = 1.0, *_VOWELS[sound]
        point[6] = 1.0
        point[8] = 0.7 * (sound in "ɝɚ")
        return point * _WEIGHTS
    place = next((p for p, sounds in _PLACES.items() if sound in sounds.split()), None)
    if place is None or not sound:
        return None
    manner = next(m for m, sounds in _MANNERS.items() if sound in sounds.split())
    kinds = [sound in kind for kind in (_VOICED, _NASAL, _LIQUID, _SIBILANT)]
    point[4:10] = place, manner, *kinds
    return point * _WEIGHTS


def _marked(point: np.ndarray, mark: str) -> np.ndarray:
    result = point.copy()
    if mark == "ʰ":
        result[10] = _WEIGHTS[10]
    elif mark in "ʲʷ":
        result[11] = _WEIGHTS[11] * (1 if mark == "ʲ" else -1)
    elif mark == _NASALISED:
        result[7] = 0.5 * _WEIGHTS[7]
    return result
