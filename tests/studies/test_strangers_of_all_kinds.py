"""Networks as people have them: torchvision's classifiers and twenty of timm's, untrained, in small images.

Each becomes a host, grows, makes a step, grows again and is written as source that does the same; or the
table says at which of these it is refused, and why. All of it by `nasflow study adopt`'s own code.
"""

import pytest

from nasflow.studies.adoption import STEPS, classifiers, try_apart

WANTED = [step for step in STEPS if step not in {"widened", "narrowed"}]
"""To try every channel group takes minutes a network; tests/studies/test_adoption.py does it with six."""

STANDS_FOR: dict[str, tuple[str, ...]] = {
    "alexnet": (),
    "convnext_tiny": ("convnext_small", "convnext_base", "convnext_large"),
    "densenet121": ("densenet161", "densenet169", "densenet201"),
    "efficientnet_b0": tuple(f"efficientnet_b{number}" for number in range(1, 8)),
    "efficientnet_v2_s": ("efficientnet_v2_m", "efficientnet_v2_l"),
    "googlenet": (),
    "inception_v3": (),
    "maxvit_t": (),
    "mnasnet0_5": ("mnasnet0_75", "mnasnet1_0", "mnasnet1_3"),
    "mobilenet_v2": (),
    "mobilenet_v3_large": (),
    "mobilenet_v3_small": (),
    "regnet_x_400mf": tuple(
        f"regnet_x_{size}" for size in ("800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
    ),
    "regnet_y_400mf": tuple(
        f"regnet_y_{size}" for size in ("800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf", "128gf")
    ),
    "resnet18": ("resnet34",),
    "resnet50": ("resnet101", "resnet152"),
    "resnext50_32x4d": ("resnext101_32x8d", "resnext101_64x4d"),
    "shufflenet_v2_x0_5": ("shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"),
    "squeezenet1_0": (),
    "squeezenet1_1": (),
    "swin_t": ("swin_s", "swin_b"),
    "swin_v2_t": ("swin_v2_s", "swin_v2_b"),
    "vgg11": ("vgg13", "vgg16", "vgg19"),
    "vgg11_bn": ("vgg13_bn", "vgg16_bn", "vgg19_bn"),
    "vit_b_32": ("vit_b_16", "vit_l_16", "vit_l_32", "vit_h_14"),
    "wide_resnet50_2": ("wide_resnet101_2",),
}
"""The smallest of each of torchvision's families, and those left out: of the same blocks, more or wider."""

OF_TIMM = (
    "convnext_atto",
    "cspresnet50",
    "dla34",
    "efficientnet_lite0",
    "ese_vovnet19b_dw",
    "ghostnet_100",
    "hrnet_w18_small",
    "legacy_seresnet18",
    "mixer_s32_224",
    "mobilenetv3_small_100",
    "mobilevit_xxs",
    "nf_regnet_b0",
    "regnety_004",
    "repvgg_a0",
    "res2net50_26w_4s",
    "resnest14d",
    "resnet18",
    "rexnet_100",
    "skresnet18",
    "vit_tiny_patch16_224",
)
"""One each of families that are built in different ways."""

NO_CELL = dict.fromkeys(("grown", "grown again"), "no convolution becomes a cell without a pattern")
"""Its one convolution cuts the image into patches; it is trained and exported as it is."""

SWIN = "torchvision.models.swin_transformer._get_relative_position_bias is neither torch's nor Python's"
"""A function that torchvision keeps out of every trace (torch.fx.wrap): the source could not import it."""

REFUSED: dict[str, dict[str, str]] = {
    "swin_t": NO_CELL | {"exported": SWIN},
    "swin_v2_t": NO_CELL | {"exported": SWIN},
    "vit_b_32": NO_CELL,
    "timm hrnet_w18_small": {"exported": "layer network_stage2_0_fuse_layers_0_1_2 is a Upsample"},
    "timm mixer_s32_224": NO_CELL,
    "timm mobilevit_xxs": {"exported": "the network cannot be traced, so no source can be written: symbolic"},
    "timm vit_tiny_patch16_224": NO_CELL,
}
"""What does not go, by network and step: the beginning of the reason. All others go all the way."""


def test_all_of_torchvision_is_spoken_for() -> None:
    """Each classifier is tried, or stands beside one that is; what is new there is noticed here."""
    known = [name for kept, others in STANDS_FOR.items() for name in (kept, *others)]
    assert sorted(known) == sorted(classifiers())
    assert set(REFUSED) <= {*STANDS_FOR, *(f"timm {name}" for name in OF_TIMM)}


@pytest.mark.long
@pytest.mark.parametrize("name", STANDS_FOR)
def test_a_network_of_torchvision(name: str) -> None:
    """It goes all the way, or is refused as the table says."""
    assert_as_expected(name, name)


@pytest.mark.long
@pytest.mark.parametrize("name", OF_TIMM)
def test_a_network_of_timm(name: str) -> None:
    """It goes all the way, or is refused as the table says."""
    assert_as_expected(f"timm {name}", f"tests.studies.timm_networks:{name}")


def assert_as_expected(name: str, address: str) -> None:
    """What is refused is what the table says, for the reason that it gives."""
    found, expected = try_apart(address, WANTED), REFUSED.get(name, {})
    assert {
        step: reason[: len(expected.get(step, reason))] for step, reason in found.refused.items()
    } == expected
    assert bool(found.cells) == ("grown" not in expected)
    assert found.exported == ("exported" not in expected)
