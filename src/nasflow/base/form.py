"""Text that has a form: a pattern for programs, words for people."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function


@dataclass(frozen=True)
class Form:
    """Annotates a text: it matches `pattern`, or is refused by `words`, with one that would do."""

    pattern: str
    """Of the whole text."""
    words: str
    """What is wanted."""

    def check(self, text: str) -> str:
        """`text` itself; ValueError, for pydantic, if it has another form."""
        if self._fits(text):
            return text
        near = re.sub("[^a-z0-9]+", "-", text[:50].lower()).strip("-")
        raise ValueError(f"{self.words} wanted" + (f": {near} would do" if self._fits(near) else ""))

    def _fits(self, text: str) -> bool:
        return re.fullmatch(self.pattern, text) is not None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"pattern": f"^({self.pattern})$"}
