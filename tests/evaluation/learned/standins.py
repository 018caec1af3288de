"""Small random weights under the published names, so that the loading code is the real one."""

import torch

CONVOLUTIONS = (10, 3, 3, 3, 3, 2, 2)


def fairseq_wav2vec2(width: int = 64, channels: int = 16, layers: int = 2, per_frame: bool = False) -> dict:
    """State of fairseq's Wav2Vec2Model, base (group norm) or large (`per_frame` norms, biases)."""
    shapes = {"mask_emb": (width,), "encoder.pos_conv.0.weight_g": (1, 1, 8), "encoder.pos_conv.0.bias": (width,)}
    shapes["encoder.pos_conv.0.weight_v"] = (width, width // 16, 8)
    for i, size in enumerate(CONVOLUTIONS):
        name = f"feature_extractor.conv_layers.{i}"
        shapes[f"{name}.0.weight"] = (channels, channels if i else 1, size)
        if per_frame:
            shapes[f"{name}.0.bias"] = (channels,)
            shapes |= norm(f"{name}.2.1", channels)
    if not per_frame:
        shapes |= norm("feature_extractor.conv_layers.0.2", channels)
    shapes |= norm("layer_norm", channels) | full("post_extract_proj", channels, width)
    for i in range(layers):
        name = f"encoder.layers.{i}"
        for part in "qkv":
            shapes |= full(f"{name}.self_attn.{part}_proj", width, width)
        shapes |= full(f"{name}.self_attn.out_proj", width, width)
        shapes |= full(f"{name}.fc1", width, 96) | full(f"{name}.fc2", 96, width)
        shapes |= norm(f"{name}.self_attn_layer_norm", width) | norm(f"{name}.final_layer_norm", width)
    return drawn(shapes | norm("encoder.layer_norm", width))


def full(name: str, inputs: int, outputs: int) -> dict:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def norm(name: str, channels: int) -> dict:
    return {f"{name}.weight": (channels,), f"{name}.bias": (channels,)}


def drawn(shapes: dict) -> dict:
    generator = torch.Generator().manual_seed(0)
    return {
        name: 0.3 * torch.randn(shape, generator=generator) + (1.0 if "norm.weight" in name else 0.0)
        for name, shape in shapes.items()
    }


def utmos(width: int = 64) -> dict:
    """State of `utmos22_strong`."""
    state = {f"wav2vec2.{name}": tensor for name, tensor in fairseq_wav2vec2(width).items()}
    shapes = {"domain_emb": (1, 8), "judge_emb": (1, 8)} | full("projection.0", 24, 10) | full("projection.2", 10, 1)
    for direction in ("", "_reverse"):
        shapes |= {f"blstm.weight_ih_l0{direction}": (48, width + 16), f"blstm.weight_hh_l0{direction}": (48, 12)}
        shapes |= {f"blstm.bias_ih_l0{direction}": (48,), f"blstm.bias_hh_l0{direction}": (48,)}
    return state | drawn(shapes)


def singmos_pro(width: int = 64) -> dict:
    """State of `singmos_pro`."""
    prefix = "ssl_model.ssl_model.upstream.model."
    state = {prefix + name: tensor for name, tensor in fairseq_wav2vec2(width, per_frame=True).items()}
    shapes = {"domain_emb.weight": (6, 8)} | full("decoder.net.0", width + 8, 10) | full("decoder.net.3", 10, 1)
    return state | drawn(shapes)
