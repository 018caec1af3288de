"""wav2vec 2.0 (Baevski et al. 2020, arXiv 2006.11477) from fairseq's names, in which the MOS predictors keep theirs."""

import re

STRIDES = (5, 2, 2, 2, 2, 2, 2)  # of the convolutions, paper's section 4.2: one frame per 320 samples
HEAD = 64  # channels of an attention head, in every published size
NAMES = (  # fairseq's → torchaudio's, in this order
    (r"^feature_extractor\.conv_layers\.(\d+)\.0\.", r"feature_extractor.conv_layers.\1.conv."),
    (r"^feature_extractor\.conv_layers\.(\d+)\.2\.(1\.)?", r"feature_extractor.conv_layers.\1.layer_norm."),
    (r"^layer_norm\.", "encoder.feature_projection.layer_norm."),
    (r"^post_extract_proj\.", "encoder.feature_projection.projection."),
    (r"^encoder\.pos_conv\.0\.", "encoder.transformer.pos_conv_embed.conv."),
    (r"^encoder\.layer_norm\.", "encoder.transformer.layer_norm."),
    (r"^encoder\.layers\.", "encoder.transformer.layers."),
    (r"\.self_attn\.", ".attention."),
    (r"\.self_attn_layer_norm\.", ".layer_norm."),
    (r"\.fc1\.", ".feed_forward.intermediate_dense."),
    (r"\.fc2\.", ".feed_forward.output_dense."),
)
PRETRAINING_ONLY = ("mask_emb", "quantizer.", "project_q.", "final_proj.")


def wav2vec2(weights: dict):
    """A torchaudio Wav2Vec2Model, (B, L) at 16 kHz → ((B, T, C), None), of the sizes and with the weights given.

    Args:
        weights: name in fairseq's Wav2Vec2Model → tensor

    Raises:
        KeyError, RuntimeError: these are not the weights of one.
    """
    from torchaudio.models import wav2vec2_model

    extractor = [weights[f"feature_extractor.conv_layers.{i}.0.weight"] for i in range(len(STRIDES))]
    width = weights["post_extract_proj.weight"].shape[0]
    position = weights["encoder.pos_conv.0.weight_v"]
    # the large models normalise each frame of each convolution, and before each layer; the small one neither
    per_frame = "feature_extractor.conv_layers.0.2.1.weight" in weights
    network = wav2vec2_model(
        extractor_mode="layer_norm" if per_frame else "group_norm",
        extractor_conv_layer_config=[(w.shape[0], w.shape[2], s) for w, s in zip(extractor, STRIDES, strict=True)],
        extractor_conv_bias="feature_extractor.conv_layers.0.0.bias" in weights,
        encoder_embed_dim=width,
        encoder_projection_dropout=0.0,
        encoder_pos_conv_kernel=position.shape[2],
        encoder_pos_conv_groups=width // position.shape[1],
        encoder_num_layers=1 + max(int(n.split(".")[2]) for n in weights if n.startswith("encoder.layers.")),
        encoder_num_heads=width // HEAD,
        encoder_attention_dropout=0.0,
        encoder_ff_interm_features=weights["encoder.layers.0.fc1.weight"].shape[0],
        encoder_ff_interm_dropout=0.0,
        encoder_dropout=0.0,
        encoder_layer_norm_first=per_frame,
        encoder_layer_drop=0.0,
        aux_num_out=None,
    )
    network.load_state_dict({_torchaudio(n): w for n, w in weights.items() if not n.startswith(PRETRAINING_ONLY)})
    return network


def _torchaudio(name: str) -> str:
    for pattern, replacement in NAMES:
        name = re.sub(pattern, replacement, name)
    return name
