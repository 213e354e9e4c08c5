"""Layers as the constructor calls that make them again."""

from collections.abc import Iterator

from torch import nn

from nasflow.base.errors import InvalidSpec

_ARGUMENTS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Conv2d: (
        "in_channels",
        "out_channels",
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "groups",
        "padding_mode",
    ),
    nn.BatchNorm1d: ("num_features", "eps", "momentum", "affine", "track_running_stats"),
    nn.BatchNorm2d: ("num_features", "eps", "momentum", "affine", "track_running_stats"),
    nn.GroupNorm: ("num_groups", "num_channels", "eps", "affine"),
    nn.LayerNorm: ("normalized_shape", "eps", "elementwise_affine"),
    nn.Linear: ("in_features", "out_features"),
    nn.AvgPool2d: ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
    nn.MaxPool2d: ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    nn.AdaptiveAvgPool2d: ("output_size",),
    nn.Flatten: ("start_dim", "end_dim"),
    nn.MultiheadAttention: ("embed_dim", "num_heads", "dropout", "batch_first"),
    nn.Dropout: ("p",),
    nn.Dropout2d: ("p",),
    nn.ReLU: (),
    nn.LeakyReLU: ("negative_slope",),
    nn.ELU: ("alpha",),
    nn.Tanh: (),
    nn.ReLU6: (),
    nn.SiLU: (),
    nn.Sigmoid: (),
    nn.Hardsigmoid: (),
    nn.Hardswish: (),
    nn.GELU: ("approximate",),
}
"""What a layer's constructor is called with; `bias` is seen to apart."""

_WITH_BIAS = (nn.Conv2d, nn.Linear, nn.LayerNorm)

_LEFT_OUT: dict[type[nn.Module], dict[str, object]] = {
    nn.Conv2d: {
        "stride": (1, 1),
        "padding": (0, 0),
        "dilation": (1, 1),
        "groups": 1,
        "padding_mode": "zeros",
    },
    nn.BatchNorm1d: {"affine": True, "track_running_stats": True},
    nn.BatchNorm2d: {"affine": True, "track_running_stats": True},
}
"""What a layer is made with if it is not told otherwise."""


def constructors(layers: dict[str, nn.Module]) -> Iterator[str]:
    """A line each, that gives `self` the layer by its name; raise InvalidSpec for one of an unknown kind."""
    for name, layer in layers.items():
        kind = type(layer)
        if kind not in _ARGUMENTS:
            raise InvalidSpec(f"layer {name} is a {kind.__name__}, which cannot be exported as source")
        given = [f"{key}={getattr(layer, key)!r}" for key in _ARGUMENTS[kind] if not _is_default(layer, key)]
        if isinstance(layer, _WITH_BIAS):
            given.append(f"bias={layer.bias is not None}")
        yield f"self.{name} = nn.{kind.__name__}({', '.join(given)})"


def _is_default(layer: nn.Module, key: str) -> bool:
    usual = _LEFT_OUT.get(type(layer), {})
    return key in usual and usual[key] == getattr(layer, key)
