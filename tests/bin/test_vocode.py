"""`svs vocode`: recordings, mels, archives and dumps in, sound out; what is faulty is left out and named."""

import shutil

import numpy as np
import pytest
import soundfile
from vocoder_fakes import acoustic_experiment, vocoder_experiment

from svstoolkit.bin import vocode as program
from svstoolkit.data.archives import ArchiveReader, ArchiveWriter
from svstoolkit.data.audio import resample
from svstoolkit.data.definition_file import read_definition, write_definition
from svstoolkit.errors import InputError
from svstoolkit.features.definition import FeatureDefinition
from svstoolkit.inference.vocoder_inputs import Reading, sources_of
from svstoolkit.inference.vocoding import Utterance, Vocoder

RATE, HOP = 24000, 256


@pytest.fixture(scope="module")
def experiments(tiny_dump, tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocoders")
    return {name: vocoder_experiment(folder / name, tiny_dump, name) for name in ("hifigan", "nsf_hifigan")}


@pytest.fixture
def vocode(experiments, tmp_path):
    """Runs the program; {name: samples} of what it wrote."""

    def run(*words, vocoder="hifigan"):
        output = tmp_path / "sung"
        shutil.rmtree(output, ignore_errors=True)
        program.main([*map(str, words), "--vocoder", str(experiments[vocoder]), "--output", str(output)])
        return {str(p.relative_to(output).with_suffix("")): soundfile.read(p)[0] for p in output.rglob("*.wav")}

    return run


@pytest.fixture
def recording(tiny_dump, tmp_path):
    """(path, utterance of the dump's dev set) of a recording as stage 2 stored it."""
    utterance, (rate, samples) = next(iter(ArchiveReader(tiny_dump / "dev" / "audio.scp").items()))
    soundfile.write(tmp_path / "one.wav", samples, rate)
    return tmp_path / "one.wav", utterance


@pytest.mark.parametrize("name", ["hifigan", "nsf_hifigan"])
def test_a_set_of_the_dump(vocode, experiments, tiny_dump, capsys, name):
    sung = vocode(tiny_dump / "dev", vocoder=name)
    mel, f0 = (ArchiveReader(tiny_dump / "dev" / f"{kind}.scp") for kind in ("mel", "f0"))
    assert set(sung) == set(mel)
    expected = Vocoder(experiments[name]).vocode([Utterance(u, mel[u], f0[u]) for u in mel])
    for u, samples in zip(mel, expected, strict=True):
        np.testing.assert_allclose(sung[u], samples, atol=2e-4)  # 16 bits
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(f"{len(mel)} of {len(mel)} inputs, ")
    assert "of their time" in line


def test_a_recording_has_the_features_of_stage_2(tiny_dump, recording, tmp_path):
    path, utterance = recording
    definition = read_definition(tiny_dump / "features.yaml")
    samples = soundfile.read(path, dtype="float32")[0]
    soundfile.write(tmp_path / "high.flac", resample(samples, RATE, 48000), 48000, subtype="PCM_24")
    soundfile.write(tmp_path / "low.wav", resample(samples, RATE, 16000), 16000)
    one, high, low = (
        Reading(definition, needs_f0=True).read(source)
        for source in sources_of([path, tmp_path / "high.flac", tmp_path / "low.wav"], definition)
    )
    stored = ArchiveReader(tiny_dump / "dev" / "mel.scp")[utterance]
    np.testing.assert_allclose(one.mel, stored, atol=1e-5)
    assert one.f0.shape == (len(stored),)
    assert np.median(np.abs(high.mel[: len(stored), :60] - stored[:, :60])) < 0.02
    assert len(low.mel) == len(stored)
    assert low.mel[:, -1].max() < stored[:, -1].mean() - 2  # nothing above 8 kHz
    voiced = (low.f0 > 0) & (one.f0 > 0)
    assert voiced.mean() > 0.3
    assert np.median(np.abs(np.log2(low.f0[voiced] / one.f0[voiced]))) < 0.01


def test_the_definitions_loudness_is_reached_and_taken_back(recording):
    quiet = Reading(FeatureDefinition(loudness=-40.0), needs_f0=False)
    plain = Reading(FeatureDefinition(), needs_f0=False)
    (source,) = sources_of([recording[0]], FeatureDefinition())
    a, b = quiet.read(source), plain.read(source)
    assert 0 < a.gain < 1
    loud = b.mel > -8  # far from the floor
    np.testing.assert_allclose((a.mel - b.mel)[loud], np.log(a.gain), atol=0.01)


def test_folders_lists_and_stretches_of_recordings(vocode, recording, tmp_path):
    path, _ = recording
    seconds = soundfile.info(path).duration
    takes = tmp_path / "takes"
    (takes / "deep").mkdir(parents=True)
    shutil.copy(path, takes / "deep" / "a.wav")
    np.save(takes / "b.npy", np.full((9, 80), -6.0))
    assert set(vocode(takes)) == {"deep/a", "b"}
    data = tmp_path / "data"
    data.mkdir()
    (data / "wav.scp").write_text(f"whole {path}\n")
    assert set(vocode(data / "wav.scp")) == {"whole"}
    (data / "segments").write_text(f"part whole 0.2 {seconds - 0.3:.3f}\n")
    sung = vocode(data)
    assert set(sung) == {"part"}
    assert len(sung["part"]) == pytest.approx((seconds - 0.5) * RATE, abs=HOP)


def test_mels_of_other_programs(vocode, tiny_dump, tmp_path):
    mel, f0 = (ArchiveReader(tiny_dump / "dev" / f"{kind}.scp") for kind in ("mel", "f0"))
    u = next(iter(mel))
    np.savez(tmp_path / f"{u}.npz", mel=mel[u], f0=f0[u])
    np.save(tmp_path / "plain.npy", mel[u].astype(np.float64))
    with ArchiveWriter(tmp_path / "feats") as writer:
        writer[u] = mel[u]
    with ArchiveWriter(tmp_path / "pitch") as writer:  # Kaldi's matrix of one column
        writer["plain"] = writer[u] = f0[u][:, None]
    nsf = {"vocoder": "nsf_hifigan"}
    (of_npz,) = vocode(tmp_path / f"{u}.npz", **nsf).values()
    (of_archive,) = vocode(tmp_path / "feats.scp", "--f0", tmp_path / "pitch.scp", **nsf).values()
    assert np.array_equal(of_npz, of_archive)
    (of_npy,) = vocode(tmp_path / "plain.npy", "--f0", tmp_path / "pitch.scp", **nsf).values()
    assert len(of_npy) == len(of_npz)  # another name, other noise
    transposed = vocode(tmp_path / f"{u}.npz", "--transpose", "-3", **nsf)[u]
    assert np.abs(transposed - of_npz).max() > 1e-3


@pytest.mark.parametrize("nj", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_batches_and_processes_change_nothing(vocode, tiny_dump, nj):
    one = vocode(tiny_dump / "train", vocoder="nsf_hifigan")
    other = vocode(tiny_dump / "train", "--batch_frames", "150", "--nj", nj, vocoder="nsf_hifigan")
    assert set(one) == set(other)
    for name, samples in one.items():
        assert np.abs(other[name] - samples).max() <= 2 / 32768


def test_faulty_inputs_are_left_out_and_named(vocode, recording, tmp_path, caplog, capsys):
    folder = tmp_path / "takes"
    folder.mkdir()
    shutil.copy(recording[0], folder / "good.wav")
    shutil.copy(recording[0], folder / "cut.wav")
    (folder / "cut.wav").write_bytes((folder / "cut.wav").read_bytes()[:-3000])
    soundfile.write(folder / "short.wav", 0.1 * np.ones(500), RATE)
    (folder / "text.flac").write_text("no sound")
    np.save(folder / "bands.npy", np.zeros((9, 40), np.float32))
    np.save(folder / "infinite.npy", np.full((9, 80), np.inf, np.float32))
    np.savez(folder / "named.npz", spectrum=np.zeros((9, 80)))
    (folder / "broken.npy").write_bytes(b"\x93NUMPY")
    np.save(folder / "pickled.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(InputError, match=r"^8 of 9 inputs could not be vocoded, .*takes/bands\.npy: a mel of shape"):
        vocode(folder)
    assert [p.name for p in (tmp_path / "sung").iterdir()] == ["good.wav"]
    assert "1 of 9 inputs" in capsys.readouterr().out
    told = " ".join(r.getMessage() for r in caplog.records)
    for part in (
        r"cut.wav is truncated", "short.wav has 500 samples", "text.flac is no audio", "expected (frames, 80)",
        "0 NaN and 720 infinite", "named.npz: no mel that can be read (it has spectrum, not mel)",
        "broken.npy: no mel", "pickled.npy: no mel",
    ):  # fmt: skip
        assert part in told


def test_mistakes_stop_before_anything_is_sung(vocode, experiments, recording, tiny_dump, tmp_path):
    path, _ = recording
    (tmp_path / "empty").mkdir()
    (tmp_path / "song.mid").write_text("")
    shutil.copy(path, tmp_path / "empty" / "one.wav")
    (tmp_path / "nothing").mkdir()
    with ArchiveWriter(tmp_path / "pitch") as writer:
        writer["another"] = np.zeros(9, np.float32)
    for words, message in (
        (["absent.wav"], r"absent\.wav does not exist; expected a recording"),
        ([tmp_path / "nothing"], r"nothing to vocode in this folder"),
        ([tmp_path / "song.mid"], r"song\.mid: not one of the kinds that can be vocoded"),
        ([path, tmp_path / "empty"], r"one\.wav and .*empty/one\.wav would both be one\.wav"),
        ([path, "--transpose", "2"], r"--transpose: .*hifigan is driven by the mel alone"),
        ([path, "--batch_frames", "5"], r"--batch_frames 5: this vocoder looks \d+ frames ahead"),
        ([path, "--f0", tmp_path / "pitch.scp"], r"pitch\.scp has no F0 of one \(.*one\.wav\)"),
        ([path, "--f0_extractor", "crepe"], r"--f0_extractor: .*there is no 'crepe'"),
        ([path, "--checkpoint", "7"], r"hifigan has no checkpoint of step 7; it has those of steps 1"),
    ):
        with pytest.raises(InputError, match=message) as raised:
            vocode(*words)
        assert "\n" not in str(raised.value)
    dump = tmp_path / "dump"
    shutil.copytree(tiny_dump / "dev", dump / "dev")
    (dump / "dev" / "features.yaml").unlink()
    write_definition(dump / "features.yaml", FeatureDefinition(fmax=8000.0))
    with pytest.raises(InputError, match=r"dump/features\.yaml and the vocoder \(fmax: 8000\.0 ≠ 12000\.0\)"):
        vocode(dump / "dev")
    assert not (tmp_path / "sung").exists()


def test_an_acoustic_model_is_no_vocoder(tiny_dump, recording, tmp_path):
    exp = acoustic_experiment(tmp_path / "fastspeech2", tiny_dump)
    with pytest.raises(InputError, match=r"fastspeech2 is no vocoder; give an experiment of stage 4 \(vocoder\)"):
        program.main([str(recording[0]), "--vocoder", str(exp)])
