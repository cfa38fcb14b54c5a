"""Tensors that are no plain tensors: nothing may crash, and nothing may run that wouldn't run otherwise."""
import warnings

warnings.filterwarnings("ignore")
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

CALLS = []


class Wrapper(torch.Tensor):
    """Holds a tensor and handles every operation in Python."""

    @staticmethod
    def __new__(cls, inner):
        out = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, device=inner.device)
        out.inner = inner
        return out

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        CALLS.append(func.__name__)
        plain = tree_map(lambda x: x.inner if isinstance(x, Wrapper) else x, (args, kwargs or {}))
        return tree_map(lambda x: Wrapper(x) if isinstance(x, torch.Tensor) else x, func(*plain[0], **plain[1]))


class Sized(torch.Tensor):
    """Answers for its own sizes and strides: asking for them runs this code."""

    @staticmethod
    def __new__(cls, inner):
        out = torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, device=inner.device,
                                                  dispatch_sizes_strides_policy="sizes")
        out.inner = inner
        return out

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        CALLS.append("sized:" + func.__name__)
        if func is torch.ops.aten.sym_size.default or func is torch.ops.aten.size.default:
            return args[0].inner.shape
        if func is torch.ops.aten.sym_stride.default or func is torch.ops.aten.stride.default:
            return args[0].inner.stride()
        if func is torch.ops.aten.dim.default:
            return args[0].inner.dim()
        if func is torch.ops.aten.sym_numel.default or func is torch.ops.aten.numel.default:
            return args[0].inner.numel()
        if func is torch.ops.aten.is_contiguous.default or func is torch.ops.aten.is_contiguous.memory_format:
            return args[0].inner.is_contiguous()
        plain = tree_map(lambda x: x.inner if isinstance(x, Sized) else x, (args, kwargs or {}))
        return func(*plain[0], **plain[1])


class Counting(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        CALLS.append("mode:" + func.__name__)
        return func(*args, **(kwargs or {}))


def main():
    torch.manual_seed(0)
    a = torch.arange(6.0).view(2, 3)

    nested = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(4, 3)])
    print("nested", (nested * 2).is_nested, nested.unbind()[1].sum().item())
    jagged = torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(4, 3)], layout=torch.jagged)
    print("jagged", (jagged + 1).values().sum().item())

    coo = a.to_sparse()
    print("coo", torch.sparse.mm(coo, torch.ones(3, 2)).sum().item(), coo.coalesce().values().numel())
    csr = a.to_sparse_csr()
    print("csr", (csr @ torch.ones(3, 2)).sum().item())

    with FakeTensorMode():
        fake = torch.empty(5, 7) @ torch.empty(7, 2)
    print("fake", tuple(fake.shape), type(fake).__name__)

    wrapped = Wrapper(a) * 2 + 1
    print("wrapper", type(wrapped).__name__, wrapped.inner.sum().item())

    print("sized", (Sized(a) + 1).sum().item())

    meta = torch.empty(3, 4, device="meta") @ torch.empty(4, 5, device="meta")
    print("meta", tuple(meta.shape))

    base = torch.ones(8)
    lazy = torch._lazy_clone(base)
    print("lazy before", torch._C._is_cow_tensor(lazy), (lazy.shape, lazy.view(2, 4).shape))
    total = lazy.sum().item()
    print("lazy after reading", torch._C._is_cow_tensor(lazy), total)
    lazy.add_(1)
    print("lazy after writing", torch._C._is_cow_tensor(lazy), base.sum().item())

    print("vmap", torch.vmap(lambda r: r.sum() * r)(a).sum().item())
    print("grad", torch.func.grad(lambda x: (x ** 2).sum())(a).sum().item())

    with Counting():
        (a + a).sum()

    with torch.inference_mode():
        print("inference", (a * 3).sum().item())

    quantized = torch.quantize_per_tensor(a, 0.1, 0, torch.qint8)
    print("quantized", quantized.dequantize().shape)
    print("complex", torch.view_as_real(torch.complex(a, a)).shape)
    print("empty", torch.empty(0, 3).sum().item(), torch.zeros(()).dim())
    print("many", torch.ones([1] * 12).sum().item())
    print("calls", CALLS)


main()
