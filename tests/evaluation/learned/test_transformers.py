"""WavLM, Whisper and CLAP through the real loading code, with tiny random models saved by transformers itself."""

import numpy as np
import pytest
import torch
import transformers

from svstoolkit.errors import InputError
from svstoolkit.evaluation.learned.registry import load_learned

RATE = 24000
RNG = np.random.default_rng(0)
VOICES = [0.1 * RNG.normal(size=RATE), 0.1 * np.cumsum(RNG.normal(size=RATE)) / 20]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    save_wavlm(folder / "wavlm-base-plus-sv")
    save_whisper(folder / "whisper-large-v3")
    save_clap(folder / "larger_clap_music")
    return folder


def save_wavlm(folder):
    config = transformers.WavLMConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8,) * 7,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        tdnn_dim=(8, 8, 8, 8, 16),
        xvector_output_dim=8,
        initializer_range=0.5,
    )
    transformers.WavLMForXVector(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(folder)


def save_clap(folder):
    config = transformers.ClapAudioConfig(
        hidden_size=32,
        patch_embeds_hidden_size=16,
        depths=[1, 1],
        num_attention_heads=[1, 2],
        num_hidden_layers=2,
        projection_dim=12,
        projection_hidden_size=32,
    )
    transformers.ClapAudioModelWithProjection(config).save_pretrained(folder)
    transformers.ClapFeatureExtractor(truncation="rand_trunc").save_pretrained(folder)


def save_whisper(folder):
    letters = {chr(c): i for i, c in enumerate(range(97, 123))}
    tokenizer = transformers.WhisperTokenizer(vocab=letters | {"<|endoftext|>": 26}, merges=[])
    specials = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|startofprev|>", "<|notimestamps|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": specials})
    tokenizer.add_tokens([f"<|{0.02 * i:.2f}|>" for i in range(1501)])
    start, english, transcribe, previous, no_times = tokenizer.convert_tokens_to_ids(specials)
    config = transformers.WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        num_mel_bins=8,
        max_target_positions=32,
        pad_token_id=26,
        bos_token_id=26,
        eos_token_id=26,
        decoder_start_token_id=start,
    )
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config = transformers.GenerationConfig(
        is_multilingual=True,
        lang_to_id={"<|en|>": english},
        task_to_id={"transcribe": transcribe},
        no_timestamps_token_id=no_times,
        prev_sot_token_id=previous,
        max_initial_timestamp_index=50,
        decoder_start_token_id=start,
        eos_token_id=26,
        pad_token_id=26,
        bos_token_id=26,
        max_length=20,
    )
    model.half().save_pretrained(folder)  # as large-v3 is published
    extractor = transformers.WhisperFeatureExtractor(feature_size=8)
    transformers.WhisperProcessor(extractor, tokenizer).save_pretrained(folder)


def test_singer_similarity(weights):
    score = load_learned("singer_similarity", weights)
    same, other, short = score(
        [(VOICES[0], VOICES[0], None), (VOICES[0], VOICES[1], None), (VOICES[0][:900], VOICES[0], None)], RATE
    )
    assert same == pytest.approx(1, abs=1e-5)
    assert -1 <= other < 0.999
    assert np.isnan(short)
    with pytest.raises(InputError, match="reference folder"):
        score([(VOICES[0], None, None)], RATE)


def test_cer_by_whisper(weights):
    score = load_learned("cer", weights, language="en")
    takes = [(VOICES[0], None, "some words"), (VOICES[0], None, "…"), (VOICES[0][:100], None, "word")]
    first, *undefined = score(takes, RATE)
    assert 0 < first < 1000
    assert np.isnan(undefined).all()
    with pytest.raises(InputError, match="needs the lyrics"):
        score([(VOICES[0], None, None)], RATE)
    with pytest.raises(InputError, match="no language 'xx'; it knows en"):
        load_learned("cer", weights, language="xx")


def test_whisper_reads_beyond_thirty_seconds(weights):
    score = load_learned("cer", weights, language="en")
    assert np.isfinite(score([(np.tile(VOICES[0], 35), None, "words")], RATE)[0])


def test_fad_by_clap(weights):
    score = load_learned("fad_clap", weights)
    assert score([(v, v, None) for v in VOICES], RATE) == [pytest.approx(0, abs=1e-9)]
    (distance,) = score([(v, 0.01 * v[::-1], None) for v in VOICES], RATE)
    assert distance > 1e-6
    assert np.isnan(score([(VOICES[0], VOICES[0], None)], RATE)[0])  # one embedding has no covariance


@pytest.mark.parametrize(("name", "folder"), [("singer_similarity", "wavlm-base-plus-sv"), ("cer", "whisper-large-v3")])
def test_weights_out_of_reach(tmp_path, name, folder):
    (tmp_path / folder).mkdir()
    with pytest.raises(InputError, match=f"cannot be read from .*{folder}.*SVSTOOLKIT_WEIGHTS"):
        load_learned(name, tmp_path, language="en")
