"""The aligner's model on disk: model.safetensors and model.json."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from svstoolkit.align.change import ChangeModel
from svstoolkit.align.gmm import Mixture
from svstoolkit.align.hmm import PhoneHmm
from svstoolkit.data.files import atomic_path, write_json

MIXTURE_TENSORS = ("weights", "means", "variances")


def save_model(folder: str | Path, model: PhoneHmm, fingerprint: str, **about: object) -> None:
    """Writes the model; model.json comes last, so that where it is, the model is whole.

    Args:
        fingerprint: of what it was trained on.
        about: further facts worth keeping, anything JSON can hold.
    """
    from safetensors.torch import save

    folder = Path(folder)
    tensors = {name: torch.cat([getattr(m, name) for m in model.mixtures]) for name in MIXTURE_TENSORS}
    tensors |= {"sizes": torch.tensor([len(m.weights) for m in model.mixtures]), "stay": model.stay}
    (folder / "model.json").unlink(missing_ok=True)
    with atomic_path(folder / "model.safetensors") as temporary:
        # not its save_file, which calls a full disk an error of its own
        temporary.write_bytes(save({name: value.cpu().contiguous() for name, value in tensors.items()}))
    facts = {
        "phones": model.phones,
        "states_per_phone": model.states_per_phone,
        "transition_weight": model.transition_weight,
        "change": None if model.change is None else asdict(model.change),
        "change_weight": model.change_weight,
        "fingerprint": fingerprint,
    }
    write_json(folder / "model.json", {**facts, **about})


def model_facts(folder: str | Path) -> dict:
    """What model.json says: phones, fingerprint, …; empty if there is no whole model."""
    path = Path(folder) / "model.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def load_model(folder: str | Path, device: torch.device | str = "cpu") -> PhoneHmm:
    """Reads what `save_model` wrote."""
    from safetensors.torch import load_file

    folder = Path(folder)
    facts = model_facts(folder)
    tensors = load_file(folder / "model.safetensors", device=str(device))
    sizes = tensors["sizes"].tolist()
    parts = zip(*(tensors[name].split(sizes) for name in MIXTURE_TENSORS), strict=True)
    mixtures = [Mixture(*part) for part in parts]
    change = facts["change"] and ChangeModel(**{name: tuple(values) for name, values in facts["change"].items()})
    fixed = (facts["transition_weight"], change, facts["change_weight"])
    return PhoneHmm(facts["phones"], facts["states_per_phone"], mixtures, tensors["stay"], *fixed)
