"""Speech through the stages: a tiny LJSpeech aligned, a small FastSpeech 2 trained on it, and sentences spoken."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from ljspeech_fakes import RATE, ljspeech_tree

from svstoolkit.bin import align, data, features, train
from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.definition_file import read_definition
from svstoolkit.data.directory import read_data_directory
from svstoolkit.data.phone_table import DURATION, NOTE_DURATION, phone_table
from svstoolkit.inference.decoding import DecodedSystem, Decoder
from svstoolkit.inference.singing import perform
from svstoolkit.inference.song_page import write_song_page
from svstoolkit.inference.voice import ReferenceSinger
from svstoolkit.score.speech import spoken_song

RECIPE = Path(__file__).resolve().parents[2] / "egs/ljspeech"
FEW = "--hmm.iterations 6 --hmm.growth_iterations 4 --hmm.start_iterations 2".split()
SMALL = {"hidden": 32, "encoder_layers": 1, "decoder_layers": 1, "filter_channels": 64, "predictor_channels": 32}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Path:
    """A folder with data and dump, of stages 0 to 2 with the recipe's configs."""
    place = tmp_path_factory.mktemp("speech")
    tree = ljspeech_tree(place)
    at = ["--data_dir", str(place / "data"), "--nj", "1"]
    data.main(["--corpus", "ljspeech", "--corpus_dir", str(tree), "--min_sampling_rate", str(RATE), *at])
    align.main([*at, "--exp_dir", str(place / "exp/align"), "--config", str(RECIPE / "conf/align.yaml"), *FEW])
    config = ["--config", str(RECIPE / "conf/features.yaml"), "--dump_dir", str(place / "dump")]
    features.main([*at, *config, "--f0_extractor", "dio"])
    return place


def trained(place: Path, exp: str, *options: str) -> Path:
    train.main(["--dump_dir", str(place / "dump"), "--exp_dir", str(place / exp), *options])
    return place / exp


@pytest.fixture(scope="module")
def voice(prepared) -> ReferenceSinger:
    """FastSpeech 2 and HiFi-GAN after a few steps."""
    of_both = "--data.num_workers 0 --training.save_every 10 --training.validate_every 30 --data.batch_size 4".split()
    size = [word for key, value in SMALL.items() for word in (f"--system.init_args.model.init_args.{key}", str(value))]
    config = ["--config", str(RECIPE / "conf/fastspeech2.yaml"), "--training.max_steps", "30"]
    acoustic = trained(prepared, "exp/fastspeech2", *config, *size, *of_both)
    generator = "--system.init_args.generator.init_args.channels 16 --training.max_steps 2".split()
    discriminator = "--system.init_args.discriminator.init_args.{}"
    narrow = {"periods": "[2]", "scales": 1, "period_channels": 4, "scale_channels": 16}
    generator += [word for key, value in narrow.items() for word in (discriminator.format(key), str(value))]
    vocoder = trained(prepared, "exp/hifigan", "--default", "hifigan", *generator, *of_both)
    return ReferenceSinger(acoustic, vocoder)


def test_words_lie_where_they_were_aligned(prepared):
    """… and the tables that models read know nothing of it, but the durations that are to be learnt."""
    for name in ("train", "dev", "test"):
        directory = read_data_directory(prepared / "data" / name)
        dump = ArchiveReader(prepared / "dump" / name / "phones.scp")
        for u in directory:
            song, label = directory.song(u), directory.label[u]
            assert song.spoken
            assert song.duration == pytest.approx(label[-1][1])
            first = np.cumsum([0, *(len(note.phones) for note in song.notes[:-1])])
            starts, ends = np.array([start for start, *_ in label]), np.array([end for _, end, _ in label])
            for note, i in zip(song.notes, first, strict=True):
                assert starts[i] <= note.onset <= ends[i + len(note.phones) - 1]
            assert np.all(dump[u][:, NOTE_DURATION] == 0)
    assert read_definition(RECIPE / "conf/features.yaml").sampling_rate == RATE


def test_predicted_durations_are_used_as_they_are(prepared, voice):
    directory = read_data_directory(prepared / "data/test")
    song = directory.song("LJ001-0001")
    table = phone_table(song, voice.vocabulary)
    frames = voice.durations(song, table, "LJ")
    model = voice.acoustic.system.networks["model"]
    with torch.no_grad():
        seconds = model.durations(**voice.phone_inputs(table, "LJ"))[0].numpy()
    period = voice.features.frame_period
    ends = np.cumsum(np.maximum(seconds, period)) / period
    np.testing.assert_allclose(np.cumsum(frames), ends, atol=0.501)
    assert frames.min() >= 1
    other = song.stretched(2.0)  # the recording's times, which nobody knows of a text, change nothing
    np.testing.assert_array_equal(frames, voice.durations(other, phone_table(other, voice.vocabulary), "LJ"))


def test_a_set_is_decoded_in_both_modes(prepared, voice):
    output = prepared / "exp/decode"
    decoder = Decoder([DecodedSystem("reference", voice)], output)
    decoder.decode_set(prepared / "data/test", prepared / "dump/test")
    table = ArchiveReader(prepared / "dump/test/phones.scp")
    directory = read_data_directory(prepared / "data/test")
    for u in directory:
        with np.load(output / f"reference/reference_durations/test/frames/{u}.npz") as frames:
            np.testing.assert_array_equal(frames["durations"], table[u][:, DURATION])
        with np.load(output / f"reference/score/test/frames/{u}.npz") as frames:
            expected = voice.durations(directory.song(u), phone_table(directory.song(u), voice.vocabulary), "LJ")
            np.testing.assert_array_equal(frames["durations"], expected)
            assert len(frames["f0"]) == expected.sum()


def test_a_text_is_spoken(voice, tmp_path):
    song = spoken_song("Which boy ran? The usual boy, she thinks.", "en")
    spoken = perform(song, voice, "LJ")
    (phrase,) = spoken.phrases
    assert len(spoken.audio) == phrase.durations.sum() * voice.features.hop_length
    assert spoken.boundaries[-1] == pytest.approx(phrase.durations.sum() * voice.features.frame_period)
    write_song_page(tmp_path / "a.html", "a.wav", "a", "LJ", spoken, song, voice.features)
    page = (tmp_path / "a.html").read_text()
    assert page.index("usual") < page.index("thinks")


@pytest.mark.slow
def test_run_sh_prepares_it(tmp_path):
    """Stages 0 to 2 of the recipe as it stands."""
    tree = ljspeech_tree(tmp_path)
    words = [*("--corpus_dir", str(tree), "--stop_stage", "2", "--datadir", str(tmp_path / "data"))]
    words += ["--dumpdir", str(tmp_path / "dump"), "--expdir", str(tmp_path / "exp"), "--nj", "1"]
    done = subprocess.run(["./run.sh", *words], cwd=RECIPE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(read_data_directory(tmp_path / "data/train").label) == 8
    assert (tmp_path / "dump/test/mel.scp").is_file()
