import pytest

from svstoolkit.errors import InputError
from svstoolkit.score.languages.articulation import PHONE_CLASSES, class_of_phone
from svstoolkit.score.languages.registry import LANGUAGES, is_vowel, language


@pytest.mark.parametrize(
    ("code", "name", "phones"),
    [
        ("zh", "plosive", "b p d t g k"),
        ("zh", "affricate", "z c zh ch j q"),
        ("zh", "fricative", "f s sh x h"),
        ("zh", "liquid or glide", "l r y w"),
        ("zh", "vowel", "a iang er ong v van"),
        ("ja", "plosive", "k t ky py cl"),
        ("ja", "affricate", "ts ch j"),
        ("ja", "nasal", "m n ny N"),
        ("ja", "liquid or glide", "r y w"),
        ("en", "affricate", "CH JH"),
        ("en", "fricative", "S ZH TH HH V"),
        ("en", "vowel", "AA AY ER"),
        ("ko", "vowel", "wa yeo ui"),
        ("ko", "plosive", "kk K b"),
        ("de", "affricate", "pf ts"),
        ("de", "fricative", "ç x ʃ"),
        ("it", "affricate", "t͡ʃ d͡ʒː"),
        ("ru", "liquid or glide", "ɫ rʲ j"),
        ("fr", "liquid or glide", "ɥ ʁ"),
        ("fr", "vowel", "ɑ̃ ø"),
    ],
)
def test_classes_are_those_of_phonetics(code, name, phones):
    assert {phone: class_of_phone(phone, code) for phone in phones.split()} == dict.fromkeys(phones.split(), name)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_phone_of_every_language_has_a_class(code):
    classes = {phone: class_of_phone(phone, code) for phone in language(code).phones}
    assert set(classes.values()) == set(PHONE_CLASSES) - {"pause"}
    for phone, name in classes.items():
        if name == "vowel":
            assert is_vowel(phone, code)


def test_rests_are_pauses_and_unknown_phones_an_error():
    assert class_of_phone("SP", "zh") == class_of_phone("AP", "en") == "pause"
    with pytest.raises(InputError, match="'xyz' of zh has no articulation"):
        class_of_phone("xyz", "zh")
