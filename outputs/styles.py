"""Styles for QGIS: rules with round classes, missing values hatched, zero apart from missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from halfcircle.outputs.classes import MISSING_HATCH, ZERO_COLOUR, Classes

__all__ = ["categories_qml", "line_qml", "raster_qml", "zones_qml"]

HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"


def zones_qml(
    column: str,
    classes: Classes,
    *,
    areas: bool,
    labels: tuple[str, ...],
    aliases: Mapping[str, str] | None = None,
) -> str:
    """QGIS style (QML) of a layer of zones.

    Parameters
    ----------
    column : str
        Attribute that is shown.
    classes : Classes
    areas : bool
        False for zones that are points.
    labels : tuple of str
        Legend texts: "no value", "none", then one per class.
    aliases : mapping of str to str, optional
        Column -> title, shown instead of column names.

    Returns
    -------
    str
    """
    field = '"' + column.replace('"', '""') + '"'
    filters = [f"{field} IS NULL", f"{field} = 0"]
    # Zero has a rule of its own, so that the class that ends at zero ends just below it.
    lower: float | None = None if classes.method == "diverging" else 0.0
    for upper in classes.breaks:
        end = f"{field} < 0" if upper == 0 else f"{field} <= {upper:.15g}"
        filters.append(end if lower is None else f"{field} > {lower:.15g} AND {end}")
        lower = upper
    colours = (ZERO_COLOUR, *classes.colours)
    return _rules_qml(filters, labels, colours, areas=areas, aliases=aliases)


def categories_qml(
    column: str,
    values: Sequence[str],
    *,
    areas: bool,
    labels: Sequence[str],
    colours: Sequence[str],
) -> str:
    """QGIS style (QML) of zones by a text; those without one are hatched.

    Parameters
    ----------
    column : str
        Attribute that is shown.
    values : sequence of str
        Texts that have a colour.
    areas : bool
        False for zones that are points.
    labels : sequence of str
        Legend texts: "no value", then one per value.
    colours : sequence of str
        One per value.

    Returns
    -------
    str
    """
    field = '"' + column.replace('"', '""') + '"'
    filters = [f"{field} IS NULL"]
    filters += [f"{field} = '" + value.replace("'", "''") + "'" for value in values]
    return _rules_qml(filters, labels, colours, areas=areas, aliases=None)


def _rules_qml(
    filters: Sequence[str],
    labels: Sequence[str],
    colours: Sequence[str],
    *,
    areas: bool,
    aliases: Mapping[str, str] | None,
) -> str:
    """One rule per filter; the first is that of missing values."""
    symbols = [_hatched() if areas else _marker("#ffffff", outline=MISSING_HATCH)]
    symbols += [_fill(colour) if areas else _marker(colour) for colour in colours]
    rules = "".join(
        f"<rule key={quoteattr(f'r{i}')} symbol={quoteattr(str(i))} "
        f"filter={quoteattr(rule)} label={quoteattr(label)}/>"
        for i, (rule, label) in enumerate(zip(filters, labels, strict=True))
    )
    kind = "fill" if areas else "marker"
    drawn = "".join(
        f'<symbol name="{i}" type="{kind}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f"{symbol}</symbol>"
        for i, symbol in enumerate(symbols)
    )
    titles = "".join(
        f"<alias index={quoteattr(str(i))} field={quoteattr(name)} name={quoteattr(title)}/>"
        for i, (name, title) in enumerate((aliases or {}).items())
    )
    categories = "Symbology|Fields" if titles else "Symbology"
    return (
        HEAD
        + f'<qgis version="3.22.0" styleCategories="{categories}">'
        + (f"<aliases>{titles}</aliases>" if titles else "")
        + '<renderer-v2 type="RuleRenderer" symbollevels="0" enableorderby="0" '
        f'forceraster="0"><rules key="root">{rules}</rules><symbols>{drawn}</symbols>'
        "</renderer-v2><blendMode>0</blendMode><layerOpacity>1</layerOpacity></qgis>\n"
    )


def raster_qml(classes: Classes, *, labels: tuple[str, ...]) -> str:
    """QGIS style (QML) of a raster of one band; no data stays transparent.

    Parameters
    ----------
    classes : Classes
    labels : tuple of str
        Legend texts: "no value", "none", then one per class.

    Returns
    -------
    str
    """
    steps = zip((0.0, *classes.breaks), (ZERO_COLOUR, *classes.colours), labels[1:], strict=True)
    items = "".join(
        f'<item value="{value:.15g}" color="{colour}" alpha="255" label={quoteattr(label)}/>'
        for value, colour, label in steps
    )
    highest = classes.breaks[-1] if classes.breaks else 0.0
    return (
        HEAD + '<qgis version="3.22.0" styleCategories="Symbology"><pipe>'
        '<rasterrenderer type="singlebandpseudocolor" band="1" opacity="1" alphaBand="-1" '
        f'classificationMin="0" classificationMax="{highest:.15g}"><rastershader>'
        '<colorrampshader colorRampType="DISCRETE" classificationMode="1" clip="0" '
        f'minimumValue="0" maximumValue="{highest:.15g}">{items}</colorrampshader>'
        "</rastershader></rasterrenderer></pipe><blendMode>0</blendMode></qgis>\n"
    )


def line_qml(*, colour: str = "#222222", width_mm: float = 0.6) -> str:
    """QGIS style of a border line.

    Parameters
    ----------
    colour : str
    width_mm : float, millimetres on the page

    Returns
    -------
    str
    """
    layer = _layer(
        "SimpleLine",
        {
            "line_color": _rgba(colour),
            "line_width": f"{width_mm:g}",
            "line_width_unit": "MM",
            "line_style": "solid",
            "use_custom_dash": "1",
            "customdash": "3;1.2;0.8;1.2",
            "customdash_unit": "MM",
        },
    )
    return (
        HEAD + '<qgis version="3.22.0" styleCategories="Symbology">'
        '<renderer-v2 type="singleSymbol" symbollevels="0" enableorderby="0" forceraster="0">'
        '<symbols><symbol name="0" type="line" alpha="1" clip_to_extent="1" force_rhr="0">'
        f"{layer}</symbol></symbols></renderer-v2></qgis>\n"
    )


def _rgba(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},255"


def _layer(kind: str, options: dict[str, str], inner: str = "") -> str:
    # Old and new QGIS: <Option> maps since 3.26, <prop> before; each ignores the other.
    new = "".join(f'<Option type="QString" name="{k}" value="{v}"/>' for k, v in options.items())
    old = "".join(f'<prop k="{k}" v="{v}"/>' for k, v in options.items())
    return (
        f'<layer class="{kind}" enabled="1" locked="0" pass="0">'
        f'<Option type="Map">{new}</Option>{old}{inner}</layer>'
    )


def _fill(colour: str) -> str:
    return _layer(
        "SimpleFill",
        {
            "color": _rgba(colour),
            "style": "solid",
            "outline_color": "255,255,255,120",
            "outline_style": "solid",
            "outline_width": "0.06",
            "outline_width_unit": "MM",
        },
    )


def _hatched() -> str:
    line = _layer(
        "SimpleLine",
        {"line_color": _rgba(MISSING_HATCH), "line_width": "0.15", "line_width_unit": "MM"},
    )
    symbol = (
        '<symbol name="@0@0" type="line" alpha="1" clip_to_extent="1" force_rhr="0">'
        f"{line}</symbol>"
    )
    return _layer(
        "LinePatternFill",
        {
            "angle": "45",
            "distance": "1.2",
            "distance_unit": "MM",
            "line_width": "0.15",
            "line_width_unit": "MM",
            "color": _rgba(MISSING_HATCH),
        },
        symbol,
    )


def _marker(colour: str, *, outline: str = "#444444") -> str:
    return _layer(
        "SimpleMarker",
        {
            "name": "circle",
            "color": _rgba(colour),
            "outline_color": _rgba(outline),
            "outline_style": "solid",
            "outline_width": "0.15",
            "size": "2.4",
            "size_unit": "MM",
        },
    )
