"""What MFA 3.4.3 really printed and wrote, read by us. The recordings were made with a synthetic singer."""

import itertools
import zipfile
from pathlib import Path

import numpy as np
import pytest

from svstoolkit.align.mfa import read_alignments, read_likelihoods
from svstoolkit.align.mfa_corpus import dictionary_of
from svstoolkit.align.mfa_model import missing_phones, model_phones, read_phone_map
from svstoolkit.align.mfa_program import failure_reason
from svstoolkit.align.transcript import Transcript, transcript
from svstoolkit.errors import InputError
from svstoolkit.score.song import Note, Song

DATA = Path(__file__).parent / "data" / "mfa"
VOWELS = {"Au", "a+n", "A+N", "uo", "w+A+N", "i", "yE", "o", "iE+n", "i+n", "iA+N", "A", "uei"}
U004 = [("SP", 0.0), ("n i+n", 0.88), ("SP", 1.125), ("l iA+N", 1.48), ("SJ iA+N", 2.18), ("k uo", 2.845),
        ("m A", 3.365), ("SP", 4.095), ("", 4.365)]  # fmt: skip
U039 = [("SP", 0.0), ("s_ Au", 0.84), ("m a+n", 1.465), ("A+N", 1.69), ("X uo", 2.095), ("SP", 2.505),
        ("ts_h w+A+N", 3.155), ("SP", 3.54), ("", 3.855)]  # fmt: skip
U072 = [("SP", 0.0), ("SJ i", 0.355), ("tSJh yE", 0.95), ("w o", 1.67), ("tsR Au", 2.285), ("l iE+n", 2.67),
        ("SP", 2.895), ("", 3.155)]  # fmt: skip


def made(name: str, rows: list[tuple[str, float]], speaker: str = "mixed") -> Transcript:
    notes = [
        Note(start, after - start, 0 if phones == "SP" else 60, "x", tuple(phones.split()))
        for (phones, start), (_, after) in itertools.pairwise(rows)
    ]
    return transcript(name, speaker, Song(tuple(notes)), VOWELS.__contains__, 0.1)


def test_utterances_that_mfa_lost_or_changed_are_counted():
    """MFA exited 0 on this corpus, with a warning about four utterances and none about the other two."""
    transcripts = [made("u004", U004), made("upper", U072), made("oov", U004)]
    transcripts += [made("short150ms", U004), made("short80ms", U004), made("nowav", U004)]
    plain = [(phones.replace("ts_h", "tsRh").replace("s_", "sR"), start) for phones, start in U039]
    transcripts.append(made("short400ms", plain))  # that phrase's text, its recording cut to 0.4 s
    durations = dict.fromkeys((t.utterance for t in transcripts), 4.365) | {"upper": 3.155, "short400ms": 0.4}
    found, failures = read_alignments(DATA, transcripts, dictionary_of(transcripts), durations)
    assert set(found) == {"u004", "upper"}
    assert len(found) + len(failures) == len(transcripts)
    assert "spn" in failures["oov"]
    assert "0.27 s, where the score has" in failures["short400ms"]
    assert all("no TextGrid" in failures[u] for u in ("short150ms", "short80ms", "nowav"))
    np.testing.assert_allclose(found["upper"][:4], [0, 0.21, 0.41, 0.83])


def test_likelihoods_tell_of_a_wrong_text():
    """MFA aligned it happily; what it could not align has a row without figures."""
    likelihoods = read_likelihoods(DATA / "mixed")
    assert set(likelihoods) == {"wronglab", "short400ms", "upper", "oov", "u004", "u005"}
    assert likelihoods["wronglab"] == pytest.approx(-108.44, abs=0.01)
    assert likelihoods["wronglab"] < min(likelihoods[u] for u in ("upper", "oov", "u004", "u005")) - 20
    assert read_likelihoods(DATA) == {}


def test_names_cut_at_their_last_underscore_are_known_again():
    """A given model may have such names: `mfa align` wrote ts_h as ts and s_ as s."""
    t = made("u039", U039, "underscore")
    as_in_the_model = {phone: phone for phone in t.sounds}
    found, failures = read_alignments(DATA, [t], dictionary_of([t], as_in_the_model), {"u039": 3.855})
    assert not failures
    np.testing.assert_allclose(found["u039"][1:4], [0.69, 0.88, 1.35])
    names = dictionary_of([t]).phones
    assert not any("_" in name for name in names.values())  # ours, for a model that is trained
    assert len(set(names.values())) == len(names)


def test_a_phone_that_the_model_lacks(tmp_path):
    """MFA drops the pronunciation and writes spn; it is found out before, and after."""
    t = made("u004", [(p.replace("n i+n", "QQ i+n"), start) for p, start in U004], "wrongphone")
    _, failures = read_alignments(DATA, [t], dictionary_of([t]), {"u004": 4.365})
    assert "spn" in failures["u004"]
    known = model_phones(model(tmp_path))
    assert {"n", "w+A+N"} < known
    assert len(known) == 71
    missing = missing_phones([t, made("u072", U072)], dictionary_of([t, made("u072", U072)]).phones, known, "m.zip")
    assert list(missing) == ["u004"]
    assert "phone 'QQ' of the syllable 'QQi+n' (note 2) is not among the 71 phones of m.zip" in missing["u004"]
    (tmp_path / "map.yaml").write_text("QQ: n i\nAP: spn\n")
    mapped = dictionary_of([t], read_phone_map(tmp_path / "map.yaml"))
    assert mapped.phones["QQ"] == "n i"
    assert not missing_phones([t], mapped.phones, known, "m.zip")


def test_one_phone_that_is_several_of_the_model():
    """u004's first syllable as one phone of ours, `nin`."""
    t = made("u004", [(p.replace("n i+n", "nin"), start) for p, start in U004])
    found, _ = read_alignments(DATA, [t], dictionary_of([t], {"nin": "n i+n"}), {"u004": 4.365})
    np.testing.assert_allclose(found["u004"][:4], [0, 0.8, 1.11, 1.36])


def test_models_that_are_none(tmp_path):
    with pytest.raises(InputError, match=r"no\.zip does not exist"):
        model_phones(tmp_path / "no.zip")
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(InputError, match=r"text\.zip is no acoustic model"):
        model_phones(tmp_path / "text.zip")
    (tmp_path / "map.yaml").write_text("[a, b]")
    with pytest.raises(InputError, match="phone_map"):
        read_phone_map(tmp_path / "map.yaml")


def model(folder: Path) -> Path:
    """The model's zip with nothing but its meta.json, in a folder as MFA packs it."""
    with zipfile.ZipFile(folder / "model.zip", "w") as archive:
        archive.write(DATA / "meta.json", "model100/meta.json")
    return folder / "model.zip"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("edge_empty", "CorpusError: There were no files found for this corpus."),
        ("edge_badwav", "LibsndfileError: Error opening"),
        ("edge_no_fstcompile", "ThirdpartyError: Could not find 'fstcompile'."),
        ("edge_rootprefix", "Invalid value for 'CORPUS_DIRECTORY': Corpus directories must be outside of MFA's"),
        ("edge_nomodel", """FileArgumentNotFoundError: Could not find "out/nosuch.zip"."""),
    ],
)
def test_what_stopped_it_in_one_line(name, reason):
    found = failure_reason((DATA / f"{name}.stderr").read_text())
    assert reason in found
    assert "\n" not in found
    assert len(found) <= 300
