"""The networks of Spectra-AASIST and Spectra-AASIST3, with the parameter names of their checkpoints.

Both are a wav2vec 2.0 encoder as large as XLS-R-300M (Babu et al. 2021), a two-layer bridge and an
AASIST back end (Jung et al. 2022: spectral and temporal graphs, each attended and pooled, then joined
four times over in parallel branches). AASIST3 puts splines where AASIST has linear layers
(Kolmogorov-Arnold networks, Liu et al. 2024). Attribute names are the checkpoints', so they do not
follow this project's style; dropout is left out, because only trained networks are run here.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

SAMPLES = 64_600
"""What one score stands for: 4.04 s at 16 kHz."""
FEATURES = 128
FRAMES = 400
"""Frames of 20 ms that the checkpoint's positions reach; a window has 201."""
CHANNELS = ((1, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 64))
GRAPH_DIM, BRANCH_DIM = 64, 32
GRAPH_TEMPERATURE, BRANCH_TEMPERATURE = 2.0, 100.0
KEPT_NODES = 0.5

Projection = Callable[[int, int], nn.Module]


def xls_r_300m() -> Wav2Vec2Config:
    """The configuration of facebook/wav2vec2-xls-r-300m as far as inference goes."""
    return Wav2Vec2Config(
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        feat_extract_norm="layer",
        conv_bias=True,
        do_stable_layer_norm=True,
        apply_spec_augment=False,
        attn_implementation="eager",
    )


class SplineLinear(nn.Module):
    """Sum of a linear layer behind a PReLU and of a B-spline for every pair of input and output."""

    INTERVALS, ORDER = 16, 4

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        bases = self.INTERVALS + self.ORDER
        knots = torch.arange(-self.ORDER, bases + 1) * (2 / self.INTERVALS) - 1
        self.register_buffer("grid", knots.expand(inputs, -1).contiguous())
        self.base_weight = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        self.spline_weight = nn.Parameter(torch.randn(outputs, inputs, bases) * 0.1)
        self.spline_scaler = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        self.base_activation = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        splines = (self.spline_weight * self.spline_scaler.unsqueeze(-1)).flatten(1)
        return F.linear(self.base_activation(x), self.base_weight) + F.linear(
            self._bases(x).flatten(-2), splines
        )

    def _bases(self, x: Tensor) -> Tensor:
        """B-spline bases (..., inputs, bases) of x (..., inputs): de Boor's recursion."""
        x, knots = x.unsqueeze(-1), self.grid
        bases = ((x >= knots[:, :-1]) & (x < knots[:, 1:])).to(x.dtype)
        for k in range(1, self.ORDER + 1):
            rising = (x - knots[:, : -(k + 1)]) / (knots[:, k:-1] - knots[:, : -(k + 1)])
            falling = (knots[:, k + 1 :] - x) / (knots[:, k + 1 :] - knots[:, 1:-k])
            bases = rising * bases[..., :-1] + falling * bases[..., 1:]
        return bases


class GraphAttention(nn.Module):
    """Attention among nodes (batch, nodes, features) of one kind."""

    def __init__(self, inputs: int, outputs: int, project: Projection) -> None:
        super().__init__()
        self.att_proj = project(inputs, outputs)
        self.proj_with_att = project(inputs, outputs)
        self.proj_without_att = project(inputs, outputs)
        self.att_weight = _vector(outputs)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        affinity = torch.tanh(self.att_proj(_pairs(x))) @ self.att_weight
        attention = torch.softmax(affinity.squeeze(-1) / GRAPH_TEMPERATURE, dim=-1)
        x = self.proj_with_att(attention @ x) + self.proj_without_att(x)
        return F.selu(_normalised(self.bn, x))


class MixedAttention(nn.Module):
    """Attention among temporal and spectral nodes together, with one master node that sees all."""

    def __init__(self, inputs: int, outputs: int, project: Projection) -> None:
        super().__init__()
        self.proj_type1 = project(inputs, inputs)
        self.proj_type2 = project(inputs, inputs)
        self.att_proj = project(inputs, outputs)
        self.att_projM = project(inputs, outputs)
        self.proj_with_att = project(inputs, outputs)
        self.proj_without_att = project(inputs, outputs)
        self.proj_with_attM = project(inputs, outputs)
        self.proj_without_attM = project(inputs, outputs)
        self.att_weight11 = _vector(outputs)
        self.att_weight22 = _vector(outputs)
        self.att_weight12 = _vector(outputs)
        self.att_weightM = _vector(outputs)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, first: Tensor, second: Tensor, master: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        count = first.shape[1]
        x = torch.cat([self.proj_type1(first), self.proj_type2(second)], dim=1)
        attention = self._attention(x, count)
        master = self._master(x, master)
        x = self.proj_with_att(attention @ x) + self.proj_without_att(x)
        x = _normalised(self.bn, x)
        return x[:, :count], x[:, count:], master

    def _attention(self, x: Tensor, count: int) -> Tensor:
        pairs = torch.tanh(self.att_proj(_pairs(x)))
        above = [
            pairs[:, :count, :count] @ self.att_weight11,
            pairs[:, :count, count:] @ self.att_weight12,
        ]
        below = [
            pairs[:, count:, :count] @ self.att_weight12,
            pairs[:, count:, count:] @ self.att_weight22,
        ]
        affinity = torch.cat([torch.cat(above, dim=2), torch.cat(below, dim=2)], dim=1)
        return torch.softmax(affinity.squeeze(-1) / BRANCH_TEMPERATURE, dim=-1)

    def _master(self, x: Tensor, master: Tensor) -> Tensor:
        affinity = torch.tanh(self.att_projM(x * master)) @ self.att_weightM
        attention = torch.softmax(affinity.transpose(1, 2) / BRANCH_TEMPERATURE, dim=-1)
        return self.proj_with_attM(attention @ x) + self.proj_without_attM(master)


class GraphPool(nn.Module):
    """Keeps the better half of the nodes, each weighted by its score."""

    def __init__(self, inputs: int, project: Projection) -> None:
        super().__init__()
        self.proj = project(inputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        scores = self.proj(x)
        kept = max(int(x.shape[1] * KEPT_NODES), 1)
        best = torch.topk(
            scores, kept, dim=1
        ).indices  # before the sigmoid, which makes large ones equal
        return torch.gather(x * scores.sigmoid(), 1, best.expand(-1, -1, x.shape[-1]))


class Branch(nn.Module):
    """One of the four parallel ways in which the two graphs are joined."""

    def __init__(self, project: Projection) -> None:
        super().__init__()
        self.master = nn.Parameter(torch.randn(1, 1, GRAPH_DIM))
        self.HtrgGAT_layer_ST1 = MixedAttention(GRAPH_DIM, BRANCH_DIM, project)
        self.HtrgGAT_layer_ST2 = MixedAttention(BRANCH_DIM, BRANCH_DIM, project)
        self.pool_hS = GraphPool(BRANCH_DIM, project)
        self.pool_hT = GraphPool(BRANCH_DIM, project)

    def forward(self, temporal: Tensor, spectral: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        temporal, spectral, master = self.HtrgGAT_layer_ST1(temporal, spectral, self.master)
        spectral, temporal = self.pool_hS(spectral), self.pool_hT(temporal)
        more = self.HtrgGAT_layer_ST2(temporal, spectral, master)
        return temporal + more[0], spectral + more[1], master + more[2]


class Residual(nn.Module):
    """Two convolutions (2 frequencies x 3 frames) beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        if not first:
            self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, (2, 3), padding=(1, 1))
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, (2, 3), padding=(0, 1))
        if inputs != outputs:
            self.conv_downsample = nn.Conv2d(inputs, outputs, (1, 3), padding=(0, 1))
        self._first, self._widens = first, inputs != outputs

    def forward(self, x: Tensor) -> Tensor:
        inside = x if self._first else F.selu(self.bn1(x))
        inside = self.conv2(F.selu(self.bn2(self.conv1(inside))))
        return inside + (self.conv_downsample(x) if self._widens else x)


class Maps(nn.Module):
    """Features (batch, frames, features) to maps (batch, 64, features / 3, frames / 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.first_bn = nn.BatchNorm2d(1)
        self.first_bn1 = nn.BatchNorm2d(GRAPH_DIM)
        self.enc = nn.Sequential(
            *(
                nn.Sequential(Residual(*channels, first=number == 0))
                for number, channels in enumerate(CHANNELS)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(x.transpose(1, 2).unsqueeze(1).abs(), 3)
        x = self.enc(F.selu(self.first_bn(x)))
        return F.selu(self.first_bn1(x))


class Aasist(nn.Module):
    """Features (batch, frames, 128) to two logits: spoof and bona fide."""

    def __init__(self, project: Projection) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv2d(GRAPH_DIM, 128, 1), nn.SELU(), nn.BatchNorm2d(128), nn.Conv2d(128, GRAPH_DIM, 1)
        )
        self.pos_S = nn.Parameter(torch.randn(1, FEATURES // 3, GRAPH_DIM))
        self.pos_T = nn.Parameter(torch.randn(1, FRAMES, FEATURES))
        self.GAT_layer_S = GraphAttention(GRAPH_DIM, GRAPH_DIM, project)
        self.GAT_layer_T = GraphAttention(GRAPH_DIM, GRAPH_DIM, project)
        self.branch1 = Branch(project)
        self.branch2 = Branch(project)
        self.branch3 = Branch(project)
        self.branch4 = Branch(project)
        self.pool_S = GraphPool(GRAPH_DIM, project)
        self.pool_T = GraphPool(GRAPH_DIM, project)
        self.out_layer = project(5 * BRANCH_DIM, 2)
        self.enc = Maps()

    def forward(self, x: Tensor) -> Tensor:
        maps = self.enc(x + self.pos_T[:, : x.shape[1]])
        weights = self.attention(maps)
        spectral = (maps * weights.softmax(dim=-1)).sum(dim=-1).transpose(1, 2) + self.pos_S
        temporal = (maps * weights.softmax(dim=-2)).sum(dim=-2).transpose(1, 2)
        spectral = self.pool_S(self.GAT_layer_S(spectral))
        temporal = self.pool_T(self.GAT_layer_T(temporal))
        branches = [
            branch(temporal, spectral)
            for branch in (self.branch1, self.branch2, self.branch3, self.branch4)
        ]
        temporal, spectral, master = (
            torch.stack(parts).amax(dim=0) for parts in zip(*branches, strict=True)
        )
        pooled = [
            temporal.abs().amax(dim=1),
            temporal.mean(dim=1),
            spectral.abs().amax(dim=1),
            spectral.mean(dim=1),
            master.squeeze(1),
        ]
        return self.out_layer(torch.cat(pooled, dim=1))


class Spectra(nn.Module):
    """Samples (batch, 64,600), 16 kHz, to logits (batch, 2): spoof and bona fide."""

    def __init__(self, project: Projection, encoder: Wav2Vec2Config) -> None:
        super().__init__()
        self.ssl_encoder = nn.Module()
        self.ssl_encoder.model = Wav2Vec2Model(encoder)
        self.ssl_encoder.model.masked_spec_embed = None
        self.bridge = nn.Module()
        self.bridge.mlp = nn.Sequential(
            nn.Linear(encoder.hidden_size, FEATURES),
            nn.SELU(),
            nn.Identity(),
            nn.Linear(FEATURES, FEATURES),
        )
        self.aasist = Aasist(project)

    def forward(self, samples: Tensor) -> Tensor:
        features = self.ssl_encoder.model(samples).last_hidden_state
        return self.aasist(self.bridge.mlp(features))


def _pairs(x: Tensor) -> Tensor:
    """Products of all pairs of nodes: (batch, nodes, nodes, features)."""
    return x.unsqueeze(2) * x.unsqueeze(1)


def _normalised(norm: nn.BatchNorm1d, x: Tensor) -> Tensor:
    return norm(x.flatten(0, 1)).unflatten(0, (-1, x.shape[1]))


def _vector(size: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(size, 1) / size**0.5)
