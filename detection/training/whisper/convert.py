"""The trained network as a CTranslate2 model folder, which faster-whisper loads like any other."""

import json
from pathlib import Path

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from ctranslate2.specs.whisper_spec import WhisperSpec
from tokenizers import Tokenizer
from torch import Tensor, nn

from detection.training.whisper.network import Block, Whisper
from detection.training.whisper.tokenizer import vocabulary

QUANTISATION = "int8"
Heads = list[tuple[int, int]]
"""Layer and head in the decoder."""


def convert(network: Whisper, tokenizer: Tokenizer, folder: Path, heads: Heads) -> None:
    """Write model.bin, config.json, vocabulary.json, tokenizer.json and preprocessor_config.json.

    `heads` are the decoder's whose attention to the sound tells the times of words. What
    OpenAI's models never write at the start, a space or nothing at all, this one may. Sound shorter
    than 30 s is heard as it is (`short_context`), as in training.
    """
    size = network.size
    spec = WhisperSpec(size.encoder_layers, size.heads, size.decoder_layers, size.heads)
    _convolution(spec.encoder.conv1, network.conv1)
    _convolution(spec.encoder.conv2, network.conv2)
    spec.encoder.position_encodings.encodings = _array(network.places)
    _norm(spec.encoder.layer_norm, network.encoder_norm)
    for layer, block in zip(spec.encoder.layer, network.encoder, strict=True):
        _layer(layer, block)
    spec.decoder.embeddings.weight = _array(network.embedding.weight)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.decoder.position_encodings.encodings = _array(network.positions)
    _norm(spec.decoder.layer_norm, network.decoder_norm)
    for layer, block in zip(spec.decoder.layer, network.decoder, strict=True):
        _layer(layer, block)
    spec.register_vocabulary(vocabulary(tokenizer))
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = []
    spec.config.alignment_heads = [list(pair) for pair in heads]
    spec.validate()
    spec.optimize(quantization=QUANTISATION)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps({"short_context": True}) + "\n")


def all_heads(network: Whisper) -> Heads:
    """Every head of the decoder."""
    return [
        (layer, head)
        for layer in range(network.size.decoder_layers)
        for head in range(network.size.heads)
    ]


def _layer(
    spec: transformer_spec.TransformerEncoderLayerSpec | transformer_spec.TransformerDecoderLayerSpec,
    block: Block,
) -> None:
    _norm(spec.self_attention.layer_norm, block.self_norm)
    _linear(spec.self_attention.linear[0], block.self_attention.query_key_value)
    _linear(spec.self_attention.linear[1], block.self_attention.out)
    if block.other_attention is not None and block.other_norm is not None:
        _norm(spec.attention.layer_norm, block.other_norm)
        _linear(spec.attention.linear[0], block.other_attention.query)
        _linear(spec.attention.linear[1], block.other_attention.key_value)
        _linear(spec.attention.linear[2], block.other_attention.out)
    _norm(spec.ffn.layer_norm, block.forward_norm)
    _linear(spec.ffn.linear_0, block.forward_in)
    _linear(spec.ffn.linear_1, block.forward_out)


def _convolution(spec: common_spec.Conv1DSpec, layer: nn.Conv1d) -> None:
    spec.weight, spec.bias = _array(layer.weight), _array(layer.bias)


def _linear(spec: common_spec.LinearSpec, layer: nn.Linear) -> None:
    spec.weight, spec.bias = _array(layer.weight), _array(layer.bias)


def _norm(spec: common_spec.LayerNormSpec, layer: nn.LayerNorm) -> None:
    spec.gamma, spec.beta = _array(layer.weight), _array(layer.bias)


def _array(values: Tensor) -> np.ndarray:
    """A copy: quantisation writes into what it is given."""
    return values.detach().float().numpy().copy()
