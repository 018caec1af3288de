"""FFT-NPSS sings without a vocoder: alone, decoded beside its own ceiling, and as a reference for refinement."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from fakes import RATE

from svstoolkit.bin.train import main
from svstoolkit.data.archives import ArchiveReader
from svstoolkit.data.phone_table import DURATION
from svstoolkit.data.tables import read_table
from svstoolkit.errors import InputError
from svstoolkit.features.f0 import extract_f0
from svstoolkit.inference import mel_diffusion, voice
from svstoolkit.inference.decoding import DecodedSystem, Decoder
from svstoolkit.inference.mel_diffusion import MelRefiner
from svstoolkit.inference.references import write_references
from svstoolkit.inference.voice import ReferenceSinger
from svstoolkit.units import cents_between

CONFIG = """
system:
  init_args:
    model:
      init_args: {hidden: 8, encoder_layers: 1, decoder_layers: 1, kernel: 3, filter_channels: 8,
                  predictor_channels: 8, duration_layers: 1, pitch_layers: 1, energy_layers: 1}
data: {batch_size: 2, num_workers: 0}
training: {max_steps: 3, save_every: 3, validate_every: 3, log_every: 3}
"""


@pytest.fixture(scope="module")
def singer(tiny_dump, tmp_path_factory) -> ReferenceSinger:
    folder = tmp_path_factory.mktemp("fft_npss")
    (folder / "tiny.yaml").write_text(CONFIG)
    options = ["--default", "fft_npss", "--config", folder / "tiny.yaml", "--dump_dir", tiny_dump]
    main([str(word) for word in [*options, "--exp_dir", folder / "exp"]])
    return ReferenceSinger(folder / "exp", None)


def off_pitch(audio: np.ndarray, f0: np.ndarray, definition) -> float:
    """Cents, median over the frames voiced in both, which must be most of F0's."""
    heard = extract_f0(audio.astype(np.float64), definition, "dio")
    both = (heard > 0) & (f0 > 0)
    assert both.sum() > 0.7 * (f0 > 0).sum()
    return float(np.median(np.abs(cents_between(heard[both], f0[both]))))


def test_it_sings_the_f0_it_is_given(singer, tiny_dump):
    table = next(iter(ArchiveReader(tiny_dump / "dev" / "phones.scp").values()))
    frames = int(table[:, DURATION].sum())
    f0 = 220.0 * 2 ** (np.sin(np.arange(frames) / 15) / 6)
    sung = singer.sing(table, "alto", table[:, DURATION], f0)
    assert sung.audio.shape == (frames * singer.features.hop_length,)
    assert sung.mel.shape == (frames, singer.features.n_mels)
    assert off_pitch(sung.audio.numpy(), f0, singer.features) < 15
    alone = singer.sing(table, "alto", table[:, DURATION])  # by the model's own F0, whatever it is by now
    assert alone.audio.isfinite().all()


def test_it_is_decoded_beside_its_ceiling(singer, tiny_dump, tmp_path):
    data = tiny_dump.parent / "data" / "test"
    rows = [DecodedSystem("copy", singer, copy_synthesis=True), DecodedSystem("fft_npss", singer)]
    assert rows[0].parameters() == 0 < rows[1].parameters()
    Decoder(rows, tmp_path).decode_set(data, tiny_dump / "test")
    f0 = ArchiveReader(tiny_dump / "test" / "f0.scp")
    for utterance, frames in read_table(tiny_dump / "test" / "utt2num_frames").items():
        for row in ("copy", "fft_npss"):
            audio, rate = soundfile.read(tmp_path / row / "reference_durations" / "test" / "wav" / f"{utterance}.wav")
            assert (rate, len(audio)) == (RATE, int(frames) * singer.features.hop_length)
            if row == "copy":
                assert off_pitch(audio, f0[utterance], singer.features) < 15
    copied = json.loads((tmp_path / "copy" / "reference_durations" / "test" / "decode.json").read_text())
    assert copied["multiply_adds_per_second"] is None  # WORLD's work is not counted, and not nothing
    about = json.loads((tmp_path / "fft_npss" / "score" / "test" / "decode.json").read_text())
    assert about["parameters"] == sum(p.numel() for p in singer.acoustic.system.networks["model"].parameters())


def test_it_makes_references(singer, tiny_dump, tmp_path):
    write_references(singer, tiny_dump, ["dev"], tmp_path)
    recordings = ArchiveReader(tiny_dump / "dev" / "audio.scp")
    for utterance, (rate, samples) in ArchiveReader(tmp_path / "dev" / "reference.scp").items():
        assert (rate, samples.shape) == (RATE, recordings[utterance][1].shape)
        assert np.abs(samples).max() > 300


def test_a_mel_wants_a_vocoder(monkeypatch):
    acoustic = SimpleNamespace(system=SimpleNamespace(target="mel"))
    monkeypatch.setattr(voice, "load_trained", lambda *_: acoustic)
    with pytest.raises(InputError, match="exp/fastspeech2 predicts a mel: name the experiment of a vocoder"):
        ReferenceSinger("exp/fastspeech2", None)


def test_it_lends_mel_diffusion_no_vocoder(singer, monkeypatch):
    monkeypatch.setattr(mel_diffusion, "load_trained", lambda *_: SimpleNamespace(features=singer.features))
    with pytest.raises(InputError, match="exp/diffsinger makes mels, which the reference singer's WORLD cannot sing"):
        MelRefiner("exp/diffsinger", singer)
