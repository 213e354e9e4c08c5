"""The operations and merges in a reader's words: their family, and one phrase each."""

from enum import StrEnum

from nasflow.spec.tree import Merge, Operation


class Family(StrEnum):
    """What kind of thing an operation is: it decides the colour of its box."""

    CONVOLUTION = "convolution"
    SEPARABLE = "separable"
    POOLING = "pooling"
    IDENTITY = "identity"


FAMILIES = {
    Operation.HOST: Family.CONVOLUTION,
    Operation.CONV1: Family.CONVOLUTION,
    Operation.IDENTITY: Family.IDENTITY,
    Operation.DS3: Family.SEPARABLE,
    Operation.DS5: Family.SEPARABLE,
    Operation.DS7: Family.SEPARABLE,
    Operation.AVG3: Family.POOLING,
    Operation.MAX3: Family.POOLING,
}

FAMILY_PHRASES = {
    Family.CONVOLUTION: "convolution (3x3G: the host's own, in groups)",
    Family.SEPARABLE: "depthwise-separable convolution",
    Family.POOLING: "3x3 pooling",
    Family.IDENTITY: "identity",
}

PHRASES = {
    Operation.HOST: "the host's grouped 3x3 convolution",
    Operation.CONV1: "1x1 convolution",
    Operation.IDENTITY: "identity",
    Operation.DS3: "depthwise-separable 3x3 convolution",
    Operation.DS5: "depthwise-separable 5x5 convolution",
    Operation.DS7: "depthwise-separable 7x7 convolution",
    Operation.AVG3: "3x3 average pooling",
    Operation.MAX3: "3x3 max pooling",
}

MERGE_PHRASES = {
    Merge.ADD: "every branch reads all, the mean is taken",
    Merge.CONCAT: "the channels are split, the outputs concatenated",
    Merge.CUT: "every branch reads all and writes its share, concatenated",
}

HOST_CONCAT_PHRASE = "every host convolution reads all and writes its share, concatenated"
