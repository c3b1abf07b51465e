"""What the tags of a way or node mean for one mode: may one go, which way, what kind of road."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from halfcircle.access.streets.profiles import (
    BikeProfile,
    CarProfile,
    Mode,
    StreetProfile,
    WalkProfile,
)
from halfcircle.access.streets.speeds import limit_kmh

__all__ = ["ROAD_CLASSES", "NodeRule", "WayRule", "node_rule", "way_rule"]

Tags = Mapping[str, str]

_ROADS = (
    *("motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"),
    *("secondary", "secondary_link", "tertiary", "tertiary_link"),
    *("unclassified", "residential", "living_street", "service", "road", "track"),
)
ROAD_CLASSES: tuple[str, ...] = (
    *_ROADS,
    *("pedestrian", "footway", "path", "cycleway", "bridleway", "steps", "corridor"),
    *("platform", "elevator", "busway", "ferry", "connector"),
)
"""Names of the class numbers in `StreetNetwork`; ``connector`` joins the parts of a split node."""

_HIERARCHY: Mapping[Mode, tuple[str, ...]] = {
    "walk": ("foot", "access"),
    "bike": ("bicycle", "vehicle", "access"),
    "car": ("motorcar", "motor_vehicle", "vehicle", "access"),
}
_YES = frozenset({"yes", "designated", "permissive", "official", "public", "true", "1", "allowed"})
_DESTINATION = frozenset({"destination", "customers", "residents", "visitors", "permit"})
_NO = frozenset(
    {"no", "private", "agricultural", "forestry", "delivery", "military", "emergency", "psv"}
    | {"bus", "taxi", "use_sidepath", "restricted", "false", "0"}
)
# Classes open to a mode when nothing else is said.
_OPEN: Mapping[Mode, frozenset[str]] = {
    "walk": frozenset(ROAD_CLASSES)
    - {"motorway", "motorway_link", "trunk", "trunk_link", "busway", "connector"},
    "bike": frozenset(
        (*_ROADS[4:], "path", "cycleway", "ferry"),
    ),
    "car": frozenset(_ROADS) - {"track"},
}
_PUSH = frozenset({"footway", "pedestrian", "corridor", "platform", "bridleway", "steps", "path"})
_ONEWAY_YES = frozenset({"yes", "true", "1"})
_ONEWAY_BACK = frozenset({"-1", "reverse"})
_ROUNDABOUT = frozenset({"roundabout", "circular"})

# Barriers. Cars pass only what is listed; people and bicycles everything but what is listed.
_CAR_FREE = frozenset(
    {"no", "border_control", "cattle_grid", "entrance", "height_restrictor", "arch", "kerb"}
    | {"speed_bump", "coupure", "traffic_island", "guard_stone"}
)
_CAR_GATES = frozenset({"gate", "lift_gate", "swing_gate", "sliding_gate", "toll_booth"})
_CAR_GATES |= {"sally_port", "rope"}
_WALLS = frozenset({"wall", "fence", "hedge", "retaining_wall", "city_wall", "jersey_barrier"})
_BIKE_CLOSED = _WALLS | {"kissing_gate", "stile", "turnstile", "full-height_turnstile"}
_BIKE_CLOSED |= {"horse_stile", "hampshire_gate"}
_BIKE_SLOW = frozenset({"gate", "swing_gate", "cycle_barrier", "motorcycle_barrier", "chain"})
_ISO_DURATION = re.compile(r"PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?")
_MAX_FERRY_S = 36 * 3600


class WayRule(NamedTuple):
    """A way seen by one mode; speeds are km/h, 0 where that direction is closed."""

    road_class: int
    forward_kmh: float
    backward_kmh: float
    duration_s: float  # of the whole way; 0 when only the speed counts
    snap: bool  # may a place be attached to it


class NodeRule(NamedTuple):
    """A tagged node seen by one mode."""

    closed: bool
    forward_s: float  # delay when passing along, and against, the direction of the way
    backward_s: float
    signal: bool


CLOSED = WayRule(len(ROAD_CLASSES) - 1, 0.0, 0.0, 0.0, snap=False)


def access(tags: Tags, mode: Mode, suffix: str = "", *, usual: bool = True) -> bool | None:
    """True or False when an access tag says so, None when none does.

    A general ``access=yes`` opens nothing that is not `usual` for the mode: a footway stays closed
    to cars, a bollard too.
    """
    for key in _HIERARCHY[mode]:
        value = tags.get(key + suffix)
        if value is None:
            continue
        words = {word.strip() for word in value.split(";")}
        if words & (_YES | _DESTINATION) or (words == {"dismount"} and mode == "bike"):
            return True if usual or key != "access" else None
        if words & _NO:
            return False
    return None


def _only_destination(tags: Tags) -> bool:
    for key in _HIERARCHY["car"]:
        if key in tags:
            words = {word.strip() for word in tags[key].split(";")}
            return bool(words & _DESTINATION) and not words & _YES
    return False


def way_rule(tags: Tags, profile: StreetProfile, *, country: str = "") -> WayRule:
    """What a way means for the mode of `profile`.

    Parameters
    ----------
    tags : mapping
        OSM tags.
    profile : WalkProfile, BikeProfile or CarProfile
    country : str
        ISO code for default speed limits.

    Returns
    -------
    WayRule
    """
    ferry = tags.get("route") == "ferry"
    name = "ferry" if ferry else tags.get("highway", "")
    if name not in _CLASS_NUMBER or name == "connector":
        return CLOSED
    mode: Mode
    if isinstance(profile, WalkProfile):
        mode, kmh = "walk", _walk_kmh(tags, name, profile)
    elif isinstance(profile, BikeProfile):
        mode, kmh = "bike", _bike_kmh(tags, name, profile)
    else:
        mode, kmh = "car", _car_kmh(tags, name, profile, country)
    forward, backward = _directions(tags, name, mode, kmh)
    duration_s = 0.0
    if ferry:
        duration_s = parse_duration_s(tags.get("duration", ""))
        forward, backward = (profile.ferry_kmh if v else 0.0 for v in (forward, backward))
    if not forward and not backward:
        return CLOSED
    return WayRule(_CLASS_NUMBER[name], forward, backward, duration_s, snap=_may_snap(tags, name))


def _may_snap(tags: Tags, name: str) -> bool:
    if name in ("motorway", "motorway_link", "trunk", "trunk_link", "ferry", "elevator"):
        return False
    tunnel = tags.get("tunnel", "no") not in ("no", "building_passage", "covered")
    return not tunnel and tags.get("bridge", "no") == "no"


def _walk_kmh(tags: Tags, name: str, profile: WalkProfile) -> tuple[float, float]:
    allowed = access(tags, "walk", usual=name in _OPEN["walk"])
    if allowed is None:
        sidewalk = tags.get("sidewalk", "no") in ("yes", "both", "left", "right")
        shut = tags.get("motorroad") == "yes" or name not in _OPEN["walk"]
        allowed = not shut or (sidewalk and not name.startswith("motorway"))
    kmh = profile.kmh * (profile.steps_factor if name == "steps" else 1.0)
    return (kmh, kmh) if allowed else (0.0, 0.0)


def _bike_kmh(tags: Tags, name: str, profile: BikeProfile) -> tuple[float, float]:
    if name == "steps":
        ramp = "yes" in (tags.get("ramp:bicycle"), tags.get("ramp"))
        kmh = profile.steps_kmh or (profile.push_kmh / 2 if ramp else 0.0)
        walkable = access(tags, "walk") is not False and access(tags, "bike") is not False
        return (kmh, kmh) if walkable else (0.0, 0.0)
    allowed = access(tags, "bike", usual=name in _OPEN["bike"])
    dismount = tags.get("bicycle") == "dismount"
    if allowed is None and tags.get("motorroad") != "yes":
        allowed = name in _OPEN["bike"]
        if not allowed and name in _PUSH and access(tags, "walk") is not False:
            dismount = True
    elif not allowed and tags.get("bicycle") == "no" and name in _PUSH:
        # A sign against cycling: pushing is walking.
        dismount = access(tags, "walk") is not False
    if dismount:
        return (profile.push_kmh, profile.push_kmh)
    return (profile.kmh, profile.kmh) if allowed else (0.0, 0.0)


def _car_kmh(tags: Tags, name: str, profile: CarProfile, country: str) -> tuple[float, float]:
    allowed = access(tags, "car", usual=name in _OPEN["car"])
    if allowed is None:
        allowed = name in _OPEN["car"]
    walkways = ("footway", "steps", "corridor", "platform", "elevator", "cycleway", "path")
    if not allowed or name in walkways or tags.get("service") == "emergency_access":
        return (0.0, 0.0)
    if tags.get("area") == "yes":
        return (0.0, 0.0)
    fast = name in ("motorway", "trunk")
    factor = profile.motorway_factor if fast else profile.road_factor
    if _only_destination(tags):
        factor *= profile.destination_factor
    given = tags.get(GIVEN_KMH)
    if given is not None:
        return (float(given), float(given))
    limits = [
        limit_kmh(tags, road_class=name, country=country, direction=direction)
        for direction in ("forward", "backward")
    ]
    forward, backward = (min(limit, profile.cap_kmh) * factor for limit in limits)
    return (forward, backward)


GIVEN_KMH = "halfcircle:kmh"
"""Tag with an effective speed that a brought graph carries; taken as it is."""


def _directions(tags: Tags, name: str, mode: Mode, kmh: tuple[float, float]) -> tuple[float, float]:
    """Close the direction against a one-way."""
    forward, backward = kmh[0] > 0, kmh[1] > 0
    oneway = _oneway(tags, name, mode)
    if oneway is not None:
        forward, backward = forward and oneway >= 0, backward and oneway <= 0
    for suffix in (":forward", ":backward"):
        said = access(tags, mode, suffix)
        if said is None:
            continue
        # "backward=yes" opens a direction that a one-way closes, "no" closes it.
        if suffix == ":forward":
            forward = said and kmh[0] > 0
        else:
            backward = said and kmh[1] > 0
    if tags.get("oneway") in ("reversible",) and mode != "walk":
        forward = backward = False  # open by the hour; without a timetable it is closed
    return (kmh[0] if forward else 0.0, kmh[1] if backward else 0.0)


def _oneway(tags: Tags, name: str, mode: Mode) -> int | None:
    """1 along the way only, -1 against it only, 0 both, None when nothing is said."""
    if mode == "walk":
        conveying = tags.get("conveying")
        if conveying in ("forward", "backward"):
            return 1 if conveying == "forward" else -1
        return _sign(tags.get("oneway:foot"))
    own = {
        "bike": ("oneway:bicycle", "oneway:vehicle"),
        "car": ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle"),
    }[mode]
    for key in own:
        if key in tags:
            return _sign(tags[key])
    if mode == "bike" and _contraflow(tags):
        return 0
    if "oneway" in tags:
        return _sign(tags["oneway"])
    if tags.get("junction") in _ROUNDABOUT or name == "motorway":
        return 1
    return None


def _contraflow(tags: Tags) -> bool:
    sides = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    if any(tags.get(side, "").startswith("opposite") for side in sides):
        return True
    # A lane along the left or right that is two-way or against the one-way street.
    return any(
        tags.get(f"{side}:oneway") in ("no", "-1")
        and tags.get(side, "no") not in ("no", "none", "separate")
        for side in ("cycleway:left", "cycleway:right")
    )


def _sign(value: str | None) -> int | None:
    if value in _ONEWAY_YES:
        return 1
    if value in _ONEWAY_BACK:
        return -1
    return None if value is None else 0


def node_rule(tags: Tags, profile: StreetProfile) -> NodeRule:
    """What a barrier or signal means for the mode of `profile`."""
    mode: Mode = "car"
    if isinstance(profile, WalkProfile):
        mode = "walk"
    elif isinstance(profile, BikeProfile):
        mode = "bike"
    barrier = tags.get("barrier")
    closed, delay_s = False, 0.0
    if barrier is not None:
        if mode == "car":
            closed = barrier not in _CAR_FREE and barrier not in _CAR_GATES
        else:
            closed = barrier in (_WALLS if mode == "walk" else _BIKE_CLOSED)
        said = access(tags, mode, usual=not closed)
        if said is not None:
            closed = not said
        if tags.get("locked") == "yes" and said is None:
            closed = True
        if closed:
            return NodeRule(True, 0.0, 0.0, signal=False)
        if isinstance(profile, CarProfile) and barrier in _CAR_GATES:
            delay_s = profile.gate_s
        elif isinstance(profile, BikeProfile) and barrier in _BIKE_SLOW:
            delay_s = profile.barrier_s
    signal = "traffic_signals" in (tags.get("highway"), tags.get("crossing"))
    forward_s = backward_s = delay_s
    if signal and isinstance(profile, CarProfile):
        heading = tags.get("traffic_signals:direction", "both")
        forward_s += profile.signal_s if heading != "backward" else 0.0
        backward_s += profile.signal_s if heading != "forward" else 0.0
    return NodeRule(False, forward_s, backward_s, signal)


def parse_duration_s(value: str) -> float:
    """Seconds of a duration tag (``20``, ``1:05``, ``00:20:00``, ``PT20M``); 0 when unreadable."""
    text = value.strip()
    iso = _ISO_DURATION.fullmatch(text)
    if iso:
        parts = [int(part or 0) for part in iso.groups()]
    elif re.fullmatch(r"\d{1,4}", text):
        parts = [0, int(text), 0]
    elif re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text):
        parts = [int(part) for part in text.split(":")]
        parts += [0] * (3 - len(parts))
    else:
        return 0.0
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return float(seconds) if seconds <= _MAX_FERRY_S else 0.0


_CLASS_NUMBER = {name: number for number, name in enumerate(ROAD_CLASSES)}
