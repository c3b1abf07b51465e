"""What makes a folium map one page that fetches nothing; imported when a map is drawn."""

from __future__ import annotations

import folium
from branca.element import Element, MacroElement
from folium.template import Template


class OfflineMap(folium.Map):
    """A folium map that carries Leaflet within the page instead of linking to it."""

    # As folium declares them; never changed.
    default_js: list[tuple[str, str]] = []  # noqa: RUF012
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, location: tuple[float, float]) -> None:
        super().__init__(
            location=location,
            tiles=None,
            prefer_canvas=True,
            attribution_control=False,
            zoom_snap=0.25,
            max_zoom=18,
        )
        # Names within the page are random otherwise: the same run must give the same file.
        self._id = "halfcircle"
        self.get_root()._id = "halfcircle"


class Panel(MacroElement):
    """Side panel with choices, legend and search; starts the script that draws the zones."""

    _template = Template(
        "{% macro html(this, kwargs) %}{{ this.page }}{% endmacro %}"
        "{% macro script(this, kwargs) %}"
        "halfcircleMap({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )

    def __init__(self, page: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Panel"
        self._id = "halfcircle"
        self.page = page


def fixed(text: str) -> Element:
    """An element with this text."""
    # As data, not as a template: braces in the text are text.
    element = Element("{{ this.text }}")
    setattr(element, "text", text)  # noqa: B010 - folium's elements are open
    return element
