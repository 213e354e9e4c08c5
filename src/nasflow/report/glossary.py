"""The words of the page that only those know who have read the paper."""

_WORDS = {
    "host": "the skeleton of a network, such as DenseNet, with places in which parts are exchanged",
    "cell": "the little network of operations that is in every place of the host instead of a convolution",
    "child": "a network that was made of another by edits, and trained on for a few epochs",
    "parent": "the trained network whose weights a child starts with",
    "edit": "one change of a network, such as copying a branch or inserting a layer, on its trained weights",
    "receipt": "the proof of a birth: by how much an output changed through the edits. Nearly 0: the "
    "child began exactly where its parent stood",
    "controller": "the network that proposes edits, and learns from how well its children did",
    "random arm": "children drawn by chance from the same space; without them nobody could say whether the "
    "controller is of use",
    "arm": "who proposed a child: the controller or chance",
    "lift": "by how much the controller's children are better on average than those of the random arm",
    "round": "the children that are proposed together; after each the controller learns",
    "generation": "how many births lie between the start network and a child",
    "front": "the children that no other one beats in both figure and cost",
    "held-out images": "training images that no network learns from: children are judged by them",
    "test images": "images that are looked at once, at the very end",
    "sum of training losses": "the training losses of a network's epochs, added up: the less, the faster it "
    "learns. Of what a short training tells, it ranks networks best",
    "shortlist": "the best children, trained at full size before one of them is chosen",
    "full size": "the larger host and longer training that the found network is meant for",
    "control": "a network that is trained as the found one is, to see what the search itself brought",
    "95 % interval": "what the difference may be in truth; where 0 is inside, no difference is shown",
    "mult-adds": "multiplications with additions that a network needs for one image",
}


def glossary(noun: str) -> dict[str, str]:
    """By the word, in the order in which they are told; `noun` is what the search finds."""
    return {word: meaning for word, meaning in _WORDS.items() if word != "cell" or noun == "cell"}
