"""Error rates of the lyrics as a speech recogniser hears them: Paraformer for Mandarin, Whisper for the rest."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.error_rate import characters, error_rate, kana, syllables
from svstoolkit.evaluation.learned.takes import Take, at_rate, score_takes
from svstoolkit.evaluation.learned.weights import load_pretrained, pretrained, require_package, unreachable

RATE = 16000  # Hz
SHORTEST = 1600  # samples
WHISPER_FOLDER, WHISPER_REPOSITORY = "whisper-large-v3", "openai/whisper-large-v3"
PARAFORMER_FOLDER, PARAFORMER_REPOSITORY = "paraformer-zh", "paraformer-zh"
LONGEST = 30  # s that Whisper reads at once
BEAMS = 5  # as in the published scorers
METRIC = "CER"

Transcribe = Callable[[np.ndarray], str]


def load_cer(weights: Path | None, device: str, language: str = "zh") -> Callable[[list[Take], int], list[float]]:
    """Character error rate, %, of what a recogniser hears, letters and numbers only; lower is better.

    The recognisers are SoulX-Singer-Eval's: Paraformer for Mandarin (`zh`), Whisper large-v3 for everything else.
    Numbers are not spelled out and scripts not converted, so the lyrics should be as the recogniser writes them:
    simplified characters for Mandarin. Japanese (`ja`) is compared as katakana of how it is said.

    Args:
        language: ISO 639-1

    Raises:
        InputError: a package or weights are absent. The function returned raises it for takes without lyrics.
    """
    if language == "ja":
        require_package("pyopenjtalk", "CER of Japanese", install="pyopenjtalk-plus")
    return _error_rate(recogniser(weights, device, language), kana if language == "ja" else characters)


def load_cer_pinyin(
    weights: Path | None, device: str, language: str = "zh"
) -> Callable[[list[Take], int], list[float]]:
    """Error rate, %, of the syllables in pinyin without tones: homophones, which melody makes alike, are no errors.

    Arguments and errors as `load_cer`; Mandarin only.
    """
    if language != "zh":
        raise InputError(f"cer_pinyin is of Mandarin (zh), not of {language}; leave it out")
    return _error_rate(recogniser(weights, device, language), syllables)


def recogniser(weights: Path | None, device: str, language: str) -> Transcribe:
    """What turns audio (L,) at 16 kHz into text.

    Raises:
        InputError: a package or weights are absent.
    """
    return _paraformer(weights, device) if language == "zh" else _whisper(weights, device, language)


def _error_rate(transcribe: Transcribe, tokens: Callable[[str], list]) -> Callable[[list[Take], int], list[float]]:
    def score(take: Take, rate: int) -> float:
        if take.text is None:
            raise InputError("CER needs the lyrics; give a data directory with a file `text`")
        heard = transcribe(at_rate(take.audio, rate, RATE, SHORTEST))
        return error_rate(tokens(heard), tokens(take.text))

    return lambda takes, rate: score_takes(takes, lambda take: score(take, rate))


def _paraformer(weights: Path | None, device: str) -> Transcribe:
    require_package("funasr", METRIC)
    from funasr import AutoModel

    source = pretrained(weights, PARAFORMER_FOLDER, PARAFORMER_REPOSITORY, METRIC)
    try:
        model = AutoModel(model=source, device=device, disable_update=True, disable_pbar=True, disable_log=True)
    except Exception as error:  # the package raises as its hub does
        raise unreachable(source, METRIC, error) from error

    def transcribe(audio: np.ndarray) -> str:
        return model.generate(input=[audio], batch_size_s=300)[0]["text"]

    return transcribe


def _whisper(weights: Path | None, device: str, language: str) -> Transcribe:
    require_package("transformers", METRIC)
    import torch
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    source = pretrained(weights, WHISPER_FOLDER, WHISPER_REPOSITORY, METRIC)
    classes = (WhisperProcessor, WhisperForConditionalGeneration)
    processor, model = load_pretrained(classes, source, METRIC, device)
    known = getattr(model.generation_config, "lang_to_id", None) or {}
    if f"<|{language}|>" not in known:
        raise InputError(f"Whisper knows no language {language!r}; it knows {' '.join(k[2:-2] for k in sorted(known))}")

    @torch.no_grad()
    def transcribe(audio: np.ndarray) -> str:
        whole = {} if len(audio) <= LONGEST * RATE else {"truncation": False, "padding": "longest"}
        inputs = processor(audio, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True, **whole)
        tokens = model.generate(
            **inputs.to(device),
            language=language,
            task="transcribe",
            num_beams=BEAMS,
            do_sample=False,
            return_timestamps=bool(whole),  # what its window moves on by in longer audio
        )
        return processor.batch_decode(tokens, skip_special_tokens=True)[0]

    return transcribe
