"""openai-whisper, without its slow path: windows decoded in batches, word times from one more decoder pass."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
import torch
import whisper
from safetensors import safe_open
from whisper.decoding import DecodingOptions, DecodingResult, DecodingTask, PyTorchInference
from whisper.model import ModelDimensions, TextDecoder, Whisper, disable_sdpa
from whisper.timing import dtw_cpu, median_filter
from whisper.tokenizer import get_tokenizer

from coach.calls import InputError, Word
from coach.listen.engines import LANGUAGE_WINDOWS, LOOPS, SILENT, UNSURE, Heard, likely_language, whole_words
from coach.listen.whisper_base import checkpoint
from coach.weights import device

FRAME = 0.02  # seconds of sound in one frame of the encoder
TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
ENCODED = 4  # windows encoded together: more are no faster, and need 25 MB of memory each
FEW = 16  # rows of a product: under that, it is faster the other way round
_dtw = numba.njit(dtw_cpu.py_func)  # as Whisper compiles it, it gives torch all cores, whatever OMP_NUM_THREADS says


class OpenAIWhisper:
    name = "openai-whisper"

    def __init__(self, model: str | None = None) -> None:
        self.model = _load(model).eval()

    @torch.inference_mode()
    def transcribe(self, windows: Sequence[np.ndarray], language: str | None = None) -> Heard:
        features = self._encode(windows)
        language = language or self._language(features[:LANGUAGE_WINDOWS])
        if language != "en":
            return Heard(language, [[] for _ in windows])
        results = self._decode(features)
        lengths = [len(window) / whisper.audio.SAMPLE_RATE for window in windows]
        return Heard(language, self._align(features, [result.tokens for result in results], lengths))

    def _encode(self, windows: Sequence[np.ndarray]) -> torch.Tensor:
        mels = [whisper.log_mel_spectrogram(whisper.pad_or_trim(window), self.model.dims.n_mels) for window in windows]
        some = torch.stack(mels).to(self.model.device).split(ENCODED)
        return torch.cat([self.model.encoder(mels) for mels in some])

    def _language(self, features: torch.Tensor) -> str:
        if not self.model.is_multilingual:
            return "en"
        _, windows = self.model.detect_language(features)
        return likely_language(windows)

    def _decode(self, features: torch.Tensor) -> list[DecodingResult]:
        """Greedy, all at once; what fails Whisper's own tests is decoded again at rising temperature."""
        options = DecodingOptions(language="en", without_timestamps=True, fp16=False)
        results = self._decoded(features, options)
        with torch.random.fork_rng():
            torch.manual_seed(0)  # the same recording gives the same words
            for temperature in TEMPERATURES:
                again = [i for i, result in enumerate(results) if _failed(result)]
                if not again:
                    break
                for i, result in zip(
                    again, self._decoded(features[again], replace(options, temperature=temperature)), strict=True
                ):
                    results[i] = result
        return [replace(result, tokens=[]) if _failed(result) or _silent(result) else result for result in results]

    def _decoded(self, features: torch.Tensor, options: DecodingOptions) -> list[DecodingResult]:
        task = DecodingTask(self.model, options)
        task.inference = _Inference(task)
        return task.run(features)

    def _align(self, features: torch.Tensor, texts: list[list[int]], lengths: list[float]) -> list[list[Word]]:
        """Whisper's word alignment (`whisper.timing.find_alignment`), for a batch, on features at hand."""
        tokenizer = get_tokenizer(self.model.is_multilingual, language="en", task="transcribe")
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        longest = max(map(len, texts))
        tokens = torch.tensor([[*start, *text] + [tokenizer.eot] * (longest + 1 - len(text)) for text in texts])
        weights, states = self._cross_attention(tokens.to(self.model.device), features)
        words = []
        for i, (text, length) in enumerate(zip(texts, lengths, strict=True)):
            size = len(start) + len(text)
            logits = _logits(self.model.decoder, states[i, len(start) - 1 : size - 1])[:, : tokenizer.eot]
            chosen = logits.softmax(-1)[torch.arange(len(text)), text].tolist()
            frames = min(weights.shape[-1], int(length / FRAME))
            matrix = _attended(weights[i, :, : size + 1, :frames])[len(start) - 1 : -1]
            words.append(_words(tokenizer, text, chosen, matrix) if text else [])
        return words

    def _cross_attention(self, tokens: torch.Tensor, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of the alignment heads (window, head, token, frame) and the states, in one teacher-forced pass."""
        heads: dict[int, list[int]] = {}
        for layer, head in self.model.alignment_heads.indices().T.tolist():
            heads.setdefault(layer, []).append(head)
        kept: list[torch.Tensor] = []
        hooks = [
            self.model.decoder.blocks[layer].cross_attn.register_forward_hook(
                lambda _, __, output, chosen=chosen: kept.append(output[1][:, chosen])
            )
            for layer, chosen in sorted(heads.items())
        ]
        try:
            with disable_sdpa():
                states = _states(self.model.decoder, tokens, features)
        finally:
            for hook in hooks:
                hook.remove()
        return torch.cat(kept, dim=1), states


class _Inference(PyTorchInference):
    """Whisper's own, but what is finished is not read on; and with logits from `_logits`."""

    kv_cache: dict

    def __init__(self, task: DecodingTask) -> None:
        super().__init__(task.model, len(task.initial_tokens))
        self.end = task.tokenizer.eot
        self.going = self.features = torch.arange(0)

    def logits(self, tokens: torch.Tensor, audio_features: torch.Tensor) -> torch.Tensor:
        if not self.kv_cache:
            self.kv_cache, self.hooks = self.model.install_kv_cache_hooks()
            self.going, self.features = torch.arange(len(tokens), device=tokens.device), audio_features
        if tokens.shape[-1] > self.initial_token_length:
            tokens = tokens[:, -1:]
            self._leave(tokens[self.going, -1] != self.end)
        decoder = self.model.decoder
        states = _states(decoder, tokens[self.going], self.features, self.kv_cache)
        logits = states.new_zeros(*tokens.shape, len(decoder.token_embedding.weight))
        logits[self.going] = _logits(decoder, states)
        return logits

    def _leave(self, going: torch.Tensor) -> None:
        if not going.all():
            self.going, self.features = self.going[going], self.features[going]
            self.kv_cache.update({module: kept[going] for module, kept in self.kv_cache.items()})


def _states(
    decoder: TextDecoder, tokens: torch.Tensor, features: torch.Tensor, cache: dict | None = None
) -> torch.Tensor:
    """What `TextDecoder.forward` turns into logits."""
    begin = next(iter(cache.values())).shape[1] if cache else 0
    states = decoder.token_embedding(tokens) + decoder.positional_embedding[begin : begin + tokens.shape[-1]]
    for block in decoder.blocks:
        states = block(states, features, mask=decoder.mask, kv_cache=cache)
    return decoder.ln(states)


def _logits(decoder: TextDecoder, states: torch.Tensor) -> torch.Tensor:
    weight, rows = decoder.token_embedding.weight, states.flatten(0, -2)
    logits = (weight @ rows.T).T if len(rows) < FEW else rows @ weight.T
    return logits.reshape(*states.shape[:-1], len(weight))


def _failed(result: DecodingResult) -> bool:
    unsure = result.avg_logprob < UNSURE and not _silent(result)
    return result.compression_ratio > LOOPS or unsure


def _silent(result: DecodingResult) -> bool:
    return result.no_speech_prob > SILENT and result.avg_logprob < UNSURE


def _attended(scores: torch.Tensor) -> torch.Tensor:
    weights = scores.cpu().softmax(dim=-1)
    std, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    return median_filter((weights - mean) / std, 7).mean(dim=0)


def _words(tokenizer, text: list[int], probabilities: list[float], matrix: torch.Tensor) -> list[Word]:
    tokens_at, frames_at = _dtw(-matrix.double().numpy())
    begins = np.pad(np.diff(tokens_at), (1, 0), constant_values=1).astype(bool)
    times = frames_at[begins] * FRAME
    parts, tokens = tokenizer.split_to_word_tokens([*text, tokenizer.eot])
    ends = np.cumsum([len(t) for t in tokens[:-1]])
    return whole_words(
        [
            Word(part, float(times[end - len(t)]), float(times[end]), float(np.mean(probabilities[end - len(t) : end])))
            for part, t, end in zip(parts, tokens, ends, strict=False)
        ]
    )


def _load(model: str | None) -> Whisper:
    if model is None:
        return _base()
    if Path(model).exists() or model not in whisper.available_models():
        return _own(Path(model))
    try:
        return whisper.load_model(model)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{model}: Whisper's model could not be downloaded ({error})") from error


def _base() -> Whisper:
    path = checkpoint()
    with safe_open(path, "pt") as file:
        model = Whisper(ModelDimensions(**json.loads(file.metadata()["dims"])))
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        model.load_state_dict(weights, assign=True)  # a copy would not be shared with other processes
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    return model.to(device())


def _own(path: Path) -> Whisper:
    """A checkpoint of the user's, read without executing code (`weights_only`)."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such model; give a .pt file of openai-whisper, or a name such as small")
    try:
        model = whisper.load_model(str(path))
    except Exception as error:
        raise InputError(f"{path}: this is not a model of openai-whisper, or it is damaged") from error
    if heads := _alignment_heads(model.dims):
        model.set_alignment_heads(heads)
    return model


def _alignment_heads(dims: ModelDimensions) -> bytes | None:
    """The heads that follow the sound, by the model's size; for others Whisper's rough default stays."""
    sizes = {4: "tiny", 6: "base", 12: "small", 24: "medium", 32: "large-v3" if dims.n_mels == 128 else "large-v2"}
    name = "turbo" if (dims.n_audio_layer, dims.n_text_layer) == (32, 4) else sizes.get(dims.n_audio_layer, "")
    return whisper._ALIGNMENT_HEADS.get(name + ("" if dims.n_vocab >= 51865 else ".en"))
