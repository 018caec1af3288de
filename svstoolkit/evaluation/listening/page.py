"""Pages of the listening test from their templates: one HTML file with style, script and data inside it."""

import json
from typing import Any


def render(content: dict) -> str:
    """The page listeners get. content: see `build`; it holds nothing that tells systems apart."""
    return environment().get_template("index.html.j2").render(content=content, data=embedded(content))


def environment() -> Any:
    """The jinja2 environment of this folder's templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("svstoolkit.evaluation.listening", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["zip"] = zip
    return made


def embedded(content: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
