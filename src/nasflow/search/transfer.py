"""A found cell in another network: a search without children, which is resumed and shown like any other."""

import hashlib
from typing import Any

from nasflow.base.document import canonical_json
from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.spec.data import known_data_set
from nasflow.spec.parts import Parts


def transfer(parts: Parts, host: Any, data: Any, recipe: Any, seed: int, name: str | None) -> SearchConfig:
    """Train the cell of `parts` in `host` on `data` by `recipe`, each as a configuration has it; test once.

    A host may be an address (`torchvision:resnet18`), a data set a name, a recipe a name. Without a name the
    same transfer always gets the same one. Raise InvalidSpec with one line.
    """
    if parts.own:
        raise InvalidSpec(
            f"transfer: {parts} belongs to the places of its own host: only a cell that is the same "
            "everywhere can be taken to another"
        )
    if not host:
        raise InvalidSpec("transfer: a host is wanted, e.g. '{kind: densenet, growth: 48, blocks: 6}'")
    if isinstance(host, str):
        host = _adopted(host)
    if isinstance(data, str):
        data = {"name": data}
    if not isinstance(data, dict):
        raise InvalidSpec(f"transfer: no data set {data!r}: a name, or '{{name: cifar10, path: FOLDER}}'")
    known = known_data_set(str(data.get("name")))
    if known and known.held_out:
        data = {"held_out": known.held_out, **data}
    asked = {
        "name": name or "transfer",
        "seed": seed,
        "data": data,
        "host": host,
        "start_cell": parts.cell,
        "start": recipe,
        "budget": {"children": 0},
        "finish": {"host": host, "recipe": recipe, "controls": ()},
    }
    config = SearchConfig.from_data(asked, "transfer")
    if name:
        return config
    identity = config.model_dump(mode="json", exclude={"data": {"path"}})
    digest = hashlib.sha256(canonical_json(identity).encode()).hexdigest()
    return config.model_copy(update={"name": f"transfer-{digest[:8]}"})


def _adopted(address: str) -> dict[str, str]:
    if address.startswith("models:/") or ":" not in address:
        raise InvalidSpec(
            f"transfer: no host {address!r}: give its kind and sizes, "
            "'{kind: densenet, growth: 48, blocks: 6, groups: 2}', or torchvision:NAME, or module:factory"
        )
    return {"kind": "adopted", "network": address}
