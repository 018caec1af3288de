"""`svs score --ref … --syn …` on folders of any origin, most of them with something wrong."""

import json
import re

import numpy as np
import pytest
import soundfile
from fakes import RATE, sing, tiny_song

from svstoolkit.bin.score import main
from svstoolkit.errors import InputError

SONGS = {f"song_{n}": tiny_song(n) for n in (1, 2, 3)}


def write(folder, transposed=0.0, rate=RATE, **options):
    folder.mkdir()
    for n, (name, song) in enumerate(SONGS.items()):
        soundfile.write(folder / f"{name}.wav", sing(song.transposed(transposed), rate, seed=n), rate, **options)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("folders")
    write(root / "ref")
    write(root / "near", 0.1)
    write(root / "far", 0.9)
    return root


@pytest.fixture(scope="module")
def damaged(folders):
    """A system of which every utterance is spoilt in another way, and a recording too."""
    root = folders / "damaged"
    for name in ("ref", "bad"):
        (root / name).mkdir(parents=True)
    audio, _ = soundfile.read(folders / "ref/song_1.wav")
    good = {
        "good": audio,
        **dict.fromkeys(("rate", "silent", "nan", "short", "stereo", "missing", "broken", "long"), audio),
    }
    for name, samples in good.items():
        soundfile.write(root / "ref" / f"{name}.wav", samples, RATE)
    soundfile.write(root / "ref/silent_recording.wav", np.zeros(RATE), RATE)
    bad = root / "bad"
    soundfile.write(bad / "good.wav", audio, RATE)
    soundfile.write(bad / "rate.wav", audio, 22050)
    soundfile.write(bad / "silent.wav", np.zeros(len(audio)), RATE)
    soundfile.write(bad / "nan.wav", np.where(np.arange(len(audio)) == 99, np.nan, audio), RATE, subtype="FLOAT")
    soundfile.write(bad / "short.wav", audio[:200], RATE)
    soundfile.write(bad / "stereo.wav", np.stack([audio, audio], 1), RATE)
    soundfile.write(bad / "long.wav", np.tile(audio, 3), RATE)
    (bad / "broken.wav").write_bytes(b"RIFF")
    soundfile.write(bad / "silent_recording.wav", audio, RATE)
    soundfile.write(bad / "extra.wav", audio, RATE)
    soundfile.write(bad / "good.flac", audio, RATE)
    return root


CHEAP = ["--metrics", "mcd", "pitch"]


def run(output, *arguments):
    main([*map(str, arguments), "--output", str(output)])
    return {(r["system"], r["metric"]): r for r in json.loads((output / "results.json").read_text())}


def test_folders_are_scored_without_score_or_labels(folders, tmp_path):
    out = tmp_path / "out"
    systems = [f"near={folders}/near", f"far={folders}/far"]
    rows = run(
        out,
        "--ref",
        folders / "ref",
        "--syn",
        *systems,
        "--timing",
        "equal",
        "--skip_metrics",
        "dnsmos_sig",
        "dnsmos_bak",
        "dnsmos_ovrl",
    )
    assert rows["near", "gross_pitch_error"]["mean"] < 5
    assert rows["far", "f0_rmse"]["mean"] == pytest.approx(90, abs=10)
    assert rows["far", "gross_pitch_error"]["mean"] > 95
    assert rows["ground_truth", "stoi"]["mean"] == pytest.approx(1.0)
    assert not {"raw_pitch_accuracy", "onset_error", "rtf", "dnsmos_ovrl"} & {metric for _, metric in rows}
    assert rows["near", "mcd"]["n"] == 3
    assert json.loads((out / "failed.json").read_text()) == []
    assert (out / "index.html").is_file()


def test_more_processes_find_the_same(folders, tmp_path):
    arguments = ["--ref", folders / "ref", "--syn", f"near={folders}/near", *CHEAP]
    assert run(tmp_path / "one", *arguments) == run(tmp_path / "two", *arguments, "--nj", 2)


def test_everything_bad_is_listed_with_file_and_reason_and_the_rest_scored(damaged, tmp_path, capsys):
    out = tmp_path / "out"
    rows = run(out, "--ref", damaged / "ref", "--syn", f"bad={damaged}/bad", *CHEAP)
    assert rows["bad", "mcd"]["n"] == 1
    assert rows["bad", "mcd"]["mean"] == 0.0
    assert rows["ground_truth", "mcd"]["n"] == 9
    found = {(f["system"], f["utterance"]): f["reason"] for f in json.loads((out / "failed.json").read_text())}
    expected = {
        "rate": r"rate\.wav is at 22050 Hz, expected 24000",
        "silent": r"silent\.wav is digital silence",
        "nan": r"nan\.wav has 1 samples that are not finite",
        "short": r"short\.wav is shorter than one analysis window",
        "stereo": r"stereo\.wav has 2 channels",
        "missing": r"missing\.wav does not exist",
        "broken": r"broken\.wav cannot be read",
        "long": r"long\.wav is 3\.00 times as long",
        "silent_recording": r"the recording .*silent_recording\.wav is digital silence",
        "extra": r"extra\.wav has no recording",
        "good": r"good\.wav is a second recording of it beside .*good\.flac",
    }
    for utterance, reason in expected.items():
        assert re.search(reason, found["bad", utterance]), utterance
    assert "lost utterances" in capsys.readouterr().out


def test_other_rates_are_resampled_when_asked(damaged, tmp_path):
    arguments = ["--ref", damaged / "ref", "--syn", f"bad={damaged}/bad", *CHEAP, "--sampling_rate", 16000]
    run(tmp_path / "out", *arguments)
    lost = {f["utterance"] for f in json.loads((tmp_path / "out/failed.json").read_text()) if f["system"] == "bad"}
    assert "rate" not in lost


def test_scores_and_labels_add_their_metrics(tiny_dump, folders, tmp_path):
    from svstoolkit.data.archives import ArchiveReader

    data_dir = tiny_dump.parent / "data/test"
    for utterance, (rate, samples) in ArchiveReader(tiny_dump / "test/audio.scp").items():
        for system in ("ref", "same"):
            (tmp_path / system).mkdir(exist_ok=True)
            soundfile.write(tmp_path / system / f"{utterance}.wav", samples, rate)
    arguments = ["--ref", tmp_path / "ref", "--syn", f"same={tmp_path}/same", "--described_by", data_dir]
    rows = run(tmp_path / "out", *arguments, "--metrics", "melody", "timing", "espnet")
    assert rows["same", "notes_in_tune"]["mean"] > 60
    assert rows["same", "onset_error"]["mean"] == pytest.approx(0, abs=1e-6)
    assert rows["same", "espnet_mcd"]["mean"] == 0.0
    assert rows["same", "espnet_semitone_accuracy"]["mean"] == 100.0


def test_versa_lists_hold_what_exists(damaged, tmp_path):
    import kaldiio

    run(tmp_path / "out", "--ref", damaged / "ref", "--syn", f"bad={damaged}/bad", *CHEAP)
    place = tmp_path / "out/versa/ref/score"
    rate, samples = kaldiio.load_scp(str(place / "systems/bad.scp"))["good"]
    assert rate == RATE
    assert len(samples)
    truth = kaldiio.load_scp(str(place / "ground_truth.scp"))
    assert set(kaldiio.load_scp(str(place / "systems/bad.scp"))) < set(truth)
    assert "--gt ground_truth.scp" in (place / "run.sh").read_text()


def test_what_makes_no_sense_is_refused_at_once(folders, tmp_path):
    def refused(match, *arguments):
        with pytest.raises(InputError, match=match):
            main([*map(str, arguments), "--output", str(tmp_path / "out")])

    (tmp_path / "empty").mkdir()
    ref, near = folders / "ref", f"near={folders}/near"
    refused("needs --syn", "--ref", ref)
    refused("twice", "--ref", ref, "--syn", near, near)
    refused("no recording", "--ref", tmp_path / "empty", "--syn", near)
    refused("matched by file name", "--ref", ref, "--syn", f"x={tmp_path}/empty")
    refused("needs a name", "--ref", ref, "--syn", f"floor={folders}/near")
    refused("no metric is called 'mcdd'", "--ref", ref, "--syn", near, "--metrics", "mcdd")
    refused("only with --ref", "--syn", near, "--decode_dir", ref, "--dump_dir", ref)
    assert not (tmp_path / "out").exists()
