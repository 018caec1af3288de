"""Pages of the listening test from their templates: one HTML file with style, script and data inside it."""

from typing import Any

from svstoolkit.data.html import embedded_json, template_environment


def render(content: dict) -> str:
    """The page listeners get. content: see `build`; it holds nothing that tells systems apart."""
    return environment().get_template("index.html.j2").render(content=content, data=embedded_json(content))


def environment() -> Any:
    """The jinja2 environment of this folder's templates."""
    made = template_environment("svstoolkit.evaluation.listening")
    made.filters["zip"] = zip
    return made
