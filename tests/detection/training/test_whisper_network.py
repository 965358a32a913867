"""The recognizer's network and what becomes of it in CTranslate2. Needs the training environment."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the training environment's PyTorch")
pytest.importorskip("scipy", reason="needs the training environment's scipy")

import ctranslate2
import torch  # pyright: ignore[reportMissingImports]
from faster_whisper import WhisperModel
from tokenizers import Tokenizer

from detection.training.whisper.alignment import use_heads
from detection.training.whisper.batches import Batch
from detection.training.whisper.convert import all_heads, convert
from detection.training.whisper.guidance import IGNORED
from detection.training.whisper.network import Size, Whisper, sinusoids
from detection.training.whisper.tokenizer import Tokens, learn_tokenizer
from detection.training.whisper.train import losses, optimizers, rate_share

SIZE = Size(width=64, encoder_layers=2, decoder_layers=2, heads=2)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return learn_tokenizer(["Please reset my password.", "My number is four two."] * 20)


@pytest.fixture(scope="module")
def network(tokenizer: Tokenizer) -> Whisper:
    torch.manual_seed(0)
    tokens = Tokens(tokenizer)
    network = Whisper(SIZE, tokens.count)
    network.encode(torch.randn(4, 80, 100))
    return network.fused()


@pytest.fixture(scope="module")
def folder(network: Whisper, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper")
    convert(network, tokenizer, folder, all_heads(network))
    return folder


@pytest.mark.parametrize("frames", [200, 3000])
def test_ctranslate2_hears_what_torch_hears(network: Whisper, folder: Path, frames: int):
    features = torch.randn(1, 80, frames, generator=torch.Generator().manual_seed(0))
    model = ctranslate2.models.Whisper(str(folder), compute_type="float32")
    heard = np.array(model.encode(ctranslate2.StorageView.from_array(features.numpy())))
    with torch.no_grad():
        expected = network.encode(features).numpy()
    assert heard.shape == expected.shape == (1, frames // 2, SIZE.width)
    assert np.abs(heard - expected).max() < 0.1


def test_ctranslate2_expects_the_words_that_torch_expects(
    network: Whisper, folder: Path, tokenizer: Tokenizer
):
    features = torch.randn(1, 80, 200, generator=torch.Generator().manual_seed(1))
    tokens = Tokens(tokenizer)
    text = tokens.text("Please reset my number.")
    model = ctranslate2.models.Whisper(str(folder), compute_type="float32")
    storage = ctranslate2.StorageView.from_array(features.numpy())
    (found,) = model.align(storage, [tokens.start], [text], 200)
    given = torch.tensor([[tokens.start, tokens.no_times, *text]])
    with torch.no_grad():
        logits = network(features, given)[0, 1:-1]
    expected = logits[:, : tokens.end].softmax(-1)[range(len(text)), text].numpy()
    assert np.allclose(found.text_token_probs, expected, rtol=0.15)


def test_converting_leaves_the_network_as_it_was(network: Whisper, tokenizer: Tokenizer, tmp_path: Path):
    before = {name: values.clone() for name, values in network.state_dict().items()}
    convert(network, tokenizer, tmp_path, [(0, 0)])
    for name, values in network.state_dict().items():
        assert torch.equal(values, before[name]), name


def test_faster_whisper_loads_it_and_the_heads_can_be_chosen(folder: Path):
    use_heads(folder, [(1, 1)])
    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    assert not model.model.is_multilingual
    assert model.feature_extractor.mel_filters.shape[0] == 80
    assert '"alignment_heads": [\n    [\n      1,\n      1\n    ]\n  ]' in (
        folder / "config.json"
    ).read_text(encoding="utf-8")


def test_a_token_is_told_by_those_before_it_only(network: Whisper):
    heard = network.encode(torch.randn(1, 80, 50))
    one, other = torch.tensor([[5, 6, 7, 8]]), torch.tensor([[5, 6, 9, 9]])
    with torch.no_grad():
        first, second = network.decode(one, heard)[0], network.decode(other, heard)[0]
    assert torch.allclose(first[:, :2], second[:, :2], atol=1e-5)
    assert not torch.allclose(first[:, 2], second[:, 2], atol=1e-3)


def test_positions_are_sines_then_cosines():
    places = sinusoids(10, 8)
    assert places.shape == (10, 8)
    assert torch.allclose(places[0], torch.tensor([0.0] * 4 + [1.0] * 4))
    assert places[3, 0] == pytest.approx(np.sin(3), abs=1e-6)


def test_it_learns_one_batch_by_heart(tokenizer: Tokenizer):
    torch.manual_seed(0)
    tokens = Tokens(tokenizer)
    network = Whisper(SIZE, tokens.count)
    pieces = [tokens.text("Please reset my password."), tokens.text("My number is four two.")]
    longest = max(map(len, pieces))
    given = torch.full((2, longest + 2), tokens.end)
    targets = torch.full((2, longest + 2), IGNORED)
    for row, text in enumerate(pieces):
        given[row, : len(text) + 2] = torch.tensor([tokens.start, tokens.no_times, *text])
        targets[row, 1 : len(text) + 2] = torch.tensor([*text, tokens.end])
    phones = torch.arange(100).reshape(2, 50) // 10
    look_at = torch.zeros(2, longest + 2, 2, dtype=torch.long)
    look_at[:, 1:4] = torch.tensor([[0, 5], [10, 20], [40, 50]])
    batch = Batch(torch.randn(2, 80, 100), given, targets, phones, look_at)
    both = optimizers(network)
    found = []
    for _ in range(40):
        parts = losses(network, batch, "cpu")
        network.zero_grad()
        torch.stack(parts).sum().backward()
        for optimizer in both:
            optimizer.step()
        found.append([part.item() for part in parts])
    for first, last in zip(found[0], found[-1], strict=True):
        assert last < 0.5 * first


def test_where_nothing_is_known_nothing_guides(network: Whisper, tokenizer: Tokenizer):
    tokens = Tokens(tokenizer)
    given = torch.tensor([[tokens.start, tokens.no_speech]])
    targets = torch.tensor([[tokens.no_speech, tokens.end]])
    phones, look_at = torch.full((1, 50), 0), torch.zeros(1, 2, 2, dtype=torch.long)
    _, _, look = losses(network, Batch(torch.randn(1, 80, 100), given, targets, phones, look_at), "cpu")
    assert look.item() == 0.0


def test_the_rate_rises_holds_and_falls():
    rates = [rate_share(step, 1000) for step in (1, 75, 150, 600, 1000)]
    assert rates[0] < rates[1] < rates[2] == rates[3] > rates[4] > 0
