"""What decode.json says of work and hardware."""

from types import SimpleNamespace

import torch

from svstoolkit.inference.decoding import DecodedSystem, Decoder, hardware_name
from svstoolkit.inference.voice import Rendering


def test_multiply_adds_are_of_the_whole_chain_and_per_second(tmp_path, monkeypatch):
    """Half a second of singing that took products of 3·4·5 and 6·7·8 multiply-adds."""
    singer = SimpleNamespace(features=SimpleNamespace(sampling_rate=8000), target="mel")

    def sing(self, system, mode, data, dump, utterance):
        torch.zeros(3, 4) @ torch.zeros(4, 5)
        torch.zeros(6, 7) @ torch.zeros(7, 8)
        return Rendering(torch.zeros(4000), torch.zeros(1, 1), torch.zeros(1), torch.zeros(1))

    monkeypatch.setattr(Decoder, "_sing", sing)
    system = DecodedSystem("reference", singer)
    decoder = Decoder([system], tmp_path)
    assert decoder._multiply_adds(system, "score", None, None, "u1") == (3 * 4 * 5 + 6 * 7 * 8) / 0.5


def test_hardware_names_the_processor_and_its_threads():
    name = hardware_name(torch.device("cpu"))
    assert f"{torch.get_num_threads()} threads" in name
    assert len(name.split(",")[0]) > 2
