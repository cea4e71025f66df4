"""Just enough SVG for the report's figures: elements as text, numbers in one short form. Pure."""

from html import escape


def element(name: str, *children: str, **attributes: float | str) -> str:
    """An element; ``_`` in an attribute's name is ``-``, and a last one is dropped (``class_``)."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items()
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(content: str, x: float, y: float, **attributes: float | str) -> str:
    """A line of text."""
    return element("text", escape(content), x=x, y=y, **attributes)


def picture(width: float, height: float, title: str, *children: str) -> str:
    """A figure that is as wide as its place allows."""
    return element(
        "svg",
        element("title", escape(title)),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        role="img",
    )


def _value(value: float | str) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
