"""The network that reads talk: a convolution over a turn's word vectors, a memory over the turns."""

import torch
from torch import Tensor, nn
from torch.nn import functional

KERNEL = 3
SHORT_MEMORY = 32
"""What is kept of each of the two turns before, for what a turn means as an answer."""


class TalkNetwork(nn.Module):
    """Reads turns one after the other.

    `turn` makes one row of a turn's word vectors; `step` takes it in: which tactics it shows, given the
    two turns before, and how likely a con the call is by now. What is remembered of the call goes
    through the tactics and `extra` numbers beside them, so that little else can be learned by heart.
    """

    def __init__(
        self,
        dimensions: int,
        labels: int,
        *,
        width: int = 128,
        row: int = 160,
        extra: int = 8,
        memory: int = 64,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.memory = memory
        self.blur = nn.Dropout(dropout / 2)
        self.drop = nn.Dropout(dropout)
        self.project = nn.Linear(dimensions, width)
        self.near = nn.ModuleList(nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.meaning = nn.Linear(dimensions, SHORT_MEMORY * 2)
        self.join = nn.Linear(2 * width + SHORT_MEMORY * 2 + 1, row)
        self.before = nn.Linear(row, SHORT_MEMORY)
        self.tactics = nn.Linear(row + 2 * SHORT_MEMORY + labels, labels)
        self.aside = nn.Linear(row, extra)
        self.given = nn.Linear(2 * labels + extra + 1, 3 * memory)
        self.kept = nn.Linear(memory, 3 * memory)
        self.con = nn.Linear(memory, 1)

    @property
    def state_size(self) -> int:
        """Numbers that carry a call from turn to turn."""
        return self.memory + 2 * SHORT_MEMORY

    def turn(self, vectors: Tensor, mask: Tensor, speaker: Tensor) -> Tensor:
        """Rows (n, row) for word vectors (n, pieces, d), mask (n, pieces) of 0 and 1, speaker (n, 1)."""
        inside = mask[..., None]
        count = inside.sum(1).clamp_min(1)
        x = functional.gelu(self.project(self.blur(vectors))) * inside
        for layer in self.near:
            x = x + functional.gelu(layer(x.transpose(1, 2)).transpose(1, 2)) * inside
        x = self.norm(x)
        mean = (x * inside).sum(1) / count
        most = (x - 1e4 * (1 - inside)).amax(1)
        whole = functional.normalize((vectors * inside).sum(1) / count, dim=1) * 4
        rows = torch.cat([mean, most, torch.tanh(self.meaning(whole)), speaker], 1)
        return functional.gelu(self.join(self.drop(rows)))

    def step(
        self, row: Tensor, speaker: Tensor, found: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the tactics (n, labels), of a con (n, 1), and the next state (n, state_size)."""
        row = self.drop(row)
        memory, before = state[:, : self.memory], state[:, self.memory :]
        tactics = self.tactics(torch.cat([row, before, found], 1))
        seen = torch.sigmoid(tactics)
        given = self.given(torch.cat([self.drop(seen), found, torch.tanh(self.aside(row)), speaker], 1))
        kept = self.kept(memory)
        reset_in, update_in, new_in = given.chunk(3, 1)
        reset_kept, update_kept, new_kept = kept.chunk(3, 1)
        reset = torch.sigmoid(reset_in + reset_kept)
        update = torch.sigmoid(update_in + update_kept)
        memory = (1 - update) * torch.tanh(new_in + reset * new_kept) + update * memory
        now = torch.tanh(self.before(row))
        after = torch.cat([memory, now, before[:, :SHORT_MEMORY]], 1)
        return tactics, self.con(self.drop(memory)), after


class Committee(nn.Module):
    """Several networks asked as one, for one turn of one call: the form that is exported.

    Takes `vectors` (1, pieces, d), `speaker` (1, 1), `found` (1, labels) and `state`
    (members, state_size); gives the mean probabilities (1, labels), the mean logit (1, 1) and the state.
    """

    def __init__(self, members: list[TalkNetwork]) -> None:
        super().__init__()
        self.members = members
        self.weights = nn.ModuleList(members)

    def forward(
        self, vectors: Tensor, speaker: Tensor, found: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        tactics, logits, after = [], [], []
        for number, member in enumerate(self.members):
            row = member.turn(vectors, torch.ones_like(vectors[..., 0]), speaker)
            told, con, kept = member.step(row, speaker, found, state[number : number + 1])
            tactics.append(torch.sigmoid(told))
            logits.append(con)
            after.append(kept)
        return torch.stack(tactics).mean(0), torch.stack(logits).mean(0), torch.cat(after)
