"""Spatial accessibility, daily urban systems and the half circle that a border leaves.

The rooms of the house, each importing only from those before it::

    halfcircle (ground) <- gtfs, access.streets <- access <- regions <- outputs <- halfcircle.study
"""

from halfcircle._version import __version__
from halfcircle.errors import Fault, HalfcircleError
from halfcircle.places import Grid, Opportunities, Places, Zones

__all__ = [
    "Fault",
    "Grid",
    "HalfcircleError",
    "Opportunities",
    "Places",
    "Zones",
    "__version__",
]
