"""How to have the same search again: the configuration as its user would write it."""

from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nasflow.search.config import SearchConfig

_ALWAYS = {"kind", "epochs", "controller", "objective"}
"""Written even where they are what they would be anyway: a reader looks for them, and what would follow may
be another one in a later nasflow."""


def config_text(config: SearchConfig) -> str:
    """The configuration in YAML, without what is as it would be if nothing were said."""
    return yaml.safe_dump(_changed(config), sort_keys=False, allow_unicode=True, width=100)


def _changed(model: BaseModel) -> dict[str, Any]:
    """The fields, in their order, that differ from their defaults."""
    written = model.model_dump(mode="json")
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name == "schema_version" or (name not in _ALWAYS and _is_default(model, field, value)):
            written.pop(name, None)
        elif isinstance(value, BaseModel) and isinstance(written[name], dict):
            written[name] = _changed(value)
    return written


def _is_default(model: BaseModel, field: FieldInfo, value: Any) -> bool:
    # Some defaults follow from what else is said.
    usual = field.get_default(call_default_factory=True, validated_data=dict(model))
    return not field.is_required() and bool(value == usual)
