"""A second device on the CPU: it computes right, and refuses what a GPU would, tensors of two devices in one operation.

Tensors of the device "meta" have values while it is on. It stands in for the GPU that a test machine lacks.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

DEVICE = torch.device("meta")
INDICES = {torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default, torch.ops.aten._index_put_impl_.default}


class There(Tensor):
    """A tensor that lies on the other device; `here` are its values."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor) -> "There":
        shape = {"strides": here.stride(), "storage_offset": here.storage_offset(), "dtype": here.dtype}
        there = Tensor._make_wrapper_subclass(cls, here.shape, **shape, device=DEVICE)
        there.here = here
        return there

    def tolist(self) -> Any:
        return self.here.tolist()

    def __getitem__(self, index: Any) -> Tensor:
        indices = index if isinstance(index, tuple) else (index,)  # torch makes a list a tensor without saying so
        return super().__getitem__(tuple(torch.tensor(i) if isinstance(i, list) else i for i in indices))

    @classmethod
    def __torch_dispatch__(cls, operation, types, arguments=(), options=None) -> Any:
        return _compute(operation, arguments, options or {})


class Elsewhere(TorchDispatchMode):
    """While it is on, tensors can be made on the other device, and moved there and back."""

    def __torch_dispatch__(self, operation, types, arguments=(), options=None) -> Any:
        return _compute(operation, arguments, options or {})


def _compute(operation: Any, arguments: tuple, options: dict) -> Any:
    tensors = [leaf for leaf in tree_leaves((arguments, options)) if isinstance(leaf, Tensor)]
    theirs = [tensor for tensor in tensors if isinstance(tensor, There)]
    to = options.get("device") or (DEVICE if theirs else None)
    moves = operation in (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
    ours = [tensor for tensor in tensors if not isinstance(tensor, There) and tensor.dim()]
    if theirs and ours and not moves and operation not in INDICES:
        raise RuntimeError(f"{operation}: tensors of two devices")
    here = options | ({"device": torch.device("cpu")} if options.get("device") else {})
    found = operation(*_here(arguments), **_here(here))
    if operation._schema.is_mutable and arguments and isinstance(arguments[0], Tensor):
        return arguments[0]
    return tree_map_only(Tensor, There, found) if to == DEVICE else found


def _here(values: Any) -> Any:
    return tree_map_only(There, lambda there: there.here, values)
