"""Functional urban areas: cities and their commuting zones, as the EU and the OECD define them.

Dijkstra, Poelman & Veneri (2019), doi:10.1787/d58cb34d-en; Eurostat KS-GQ-18-008, chapter 3.
Every rule writes down what it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FlowError
from halfcircle.regions.contiguity import pieces_of
from halfcircle.regions.flows import FlowMatrix
from halfcircle.regions.urban_centres import CentrePopulation

__all__ = [
    "FunctionalUrbanAreaParameters",
    "FunctionalUrbanAreas",
    "build_functional_urban_areas",
    "cities_by_size",
    "cities_of_centres",
]

WHERE = "[regions] parameters"


@dataclass(frozen=True, kw_only=True)
class FunctionalUrbanAreaParameters:
    """Thresholds of cities and commuting zones.

    Parameters
    ----------
    city_share : float
        A zone is (part of) a city if at least this share of its people lives in one urban centre.
    merge_share : float
        Cities of which one sends at least this share of its employed residents to the other are
        one polycentric city.
    zone_share : float
        A zone belongs to the commuting zone of a city that at least this share works in.
    merging : {"once", "iterate"}
        Whether the shares between cities are looked at once, or again after every merger.
    enclave_border_share : float
        Zones that touch one area only are added to it if they share at least this part of their
        border with it; the rest is sea or border. 1 asks that they are enclosed.
    min_residents, min_jobs : float
        A zone of that size is a city of its own where no urban centres are given (the Atlas van
        Nederland took 50,000 inhabitants and 20,000 jobs).

    Raises
    ------
    FlowError
        All parameters that are out of range, at once.
    """

    city_share: float = 0.5
    merge_share: float = 0.15
    zone_share: float = 0.15
    merging: Literal["once", "iterate"] = "once"
    enclave_border_share: float = 0.5
    min_residents: float = 20_000.0
    min_jobs: float = 20_000.0

    def __post_init__(self) -> None:
        faults = Faults()
        for name in ("city_share", "merge_share", "zone_share", "enclave_border_share"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 < value <= 1):
                faults.add(f"{WHERE}.{name}", "must lie between 0 and 1", values=[value])
        for name in ("min_residents", "min_jobs"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and np.isfinite(value) and value >= 0):
                faults.add(f"{WHERE}.{name}", "must be a number, at least 0", values=[value])
        if self.merging not in ("once", "iterate"):
            faults.add(f"{WHERE}.merging", "is neither once nor iterate", values=[self.merging])
        faults.raise_errors(FlowError)


@dataclass(frozen=True, eq=False)
class FunctionalUrbanAreas:
    """What the rules leave.

    Parameters
    ----------
    label : array of int64, shape (n,)
        Functional urban area of each zone; -1 outside.
    city : array of bool, shape (n,)
        Whether a zone is part of a city.
    raw_zone : array of bool, shape (n, n_areas)
        Which zones send enough commuters to which city, before each goes to one of them.
    log : tuple of str
    notices : tuple of Fault
    """

    label: npt.NDArray[np.int64]
    city: npt.NDArray[np.bool_]
    raw_zone: npt.NDArray[np.bool_]
    log: tuple[str, ...]
    notices: tuple[Fault, ...] = ()


def cities_of_centres(
    centres: CentrePopulation, *, city_share: float = 0.5
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """City of each zone from the people that live in an urban centre.

    Returns
    -------
    array of int64, shape (n,)
        Number of the centre; -1 for zones that are no city.
    tuple of str
        Centres without a city, and cities that hold less than 75 % of their centre.
    """
    inside = centres.in_centre.toarray()
    n, k = inside.shape
    city, log = np.full(n, -1, np.int64), []
    if k:
        best = inside.argmax(axis=1)
        people = inside[np.arange(n), best]
        enough = (people > 0) & (people >= city_share * centres.population)
        city[enough] = best[enough]
    for c in range(k):
        size = centres.centre_population[c]
        name = f"centre {c}" if centres.centre_name is None else str(centres.centre_name[c])
        held = inside[city == c, c].sum()
        if not (city == c).any():
            log.append(f"{name} ({size:,.0f} people): no zone has {city_share:.0%} in it, no city")
        elif held < 0.75 * size:
            log.append(f"{name}: its city holds {held / size:.0%} of its people, less than 75 %")
    return city, tuple(log)


def cities_by_size(
    residents: npt.NDArray[np.float64],
    jobs: npt.NDArray[np.float64],
    *,
    min_residents: float,
    min_jobs: float,
) -> npt.NDArray[np.int64]:
    """City of each zone where nothing but its size is known: large zones are cities."""
    large = (residents >= min_residents) & (jobs >= min_jobs)
    return np.where(large, np.cumsum(large) - 1, -1).astype(np.int64)


def build_functional_urban_areas(
    matrix: FlowMatrix,
    city: npt.NDArray[np.int64],
    parameters: FunctionalUrbanAreaParameters | None = None,
    *,
    employed: npt.NDArray[np.float64] | None = None,
    borders: FlowMatrix | None = None,
    perimeter_m: npt.NDArray[np.float64] | None = None,
    names: npt.NDArray[np.object_] | None = None,
) -> FunctionalUrbanAreas:
    """Functional urban areas from commuting flows and cities.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n, n), persons
    city : array of int64, shape (n,)
        City of each zone; -1 for none.
    parameters : FunctionalUrbanAreaParameters, optional
    employed : array of float64, shape (n,), persons, optional
        All employed residents, including those who work at home or abroad; row sums when left
        out.
    borders : csr_array of float64, shape (n, n), metres, optional
        As of `shared_borders`; without it enclaves and exclaves are left as they are.
    perimeter_m : array of float64, shape (n,), metres, optional
        Length of the outline of each zone; goes with `borders`.
    names : array of str, shape (n,), optional
        For the log.

    Returns
    -------
    FunctionalUrbanAreas
    """
    p = parameters or FunctionalUrbanAreaParameters()
    n = len(city)
    label_of = np.array([str(i) for i in range(n)], dtype=object) if names is None else names
    people = np.asarray(matrix.sum(axis=1), np.float64) if employed is None else employed
    log: list[str] = []
    merged = _merge_cities(matrix, city, people, p, label_of, log)
    k = int(merged.max(initial=-1)) + 1
    in_city = merged >= 0
    share = np.zeros((n, k))
    if k:
        to_city = sparse.coo_array(
            (np.ones(int(in_city.sum())), (np.flatnonzero(in_city), merged[in_city])), (n, k)
        ).tocsr()
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num((matrix @ to_city).toarray() / people[:, None])
    raw = (share >= p.zone_share) & ~in_city[:, None]
    label = merged.copy()
    if k:
        joins = raw.any(axis=1)
        label[joins] = share[joins].argmax(axis=1)
        several = raw.sum(axis=1) > 1
        log.extend(
            f"{label_of[i]}: qualifies for {int(raw[i].sum())} cities, goes to the largest share"
            for i in np.flatnonzero(several)
        )
    if borders is not None and perimeter_m is not None and k:
        _drop_exclaves(label, in_city, borders, label_of, log)
        fill_enclaves(label, borders, perimeter_m, p.enclave_border_share, label_of, log)
    faults = Faults()
    if not k:
        faults.warn("functional urban areas", "there is no city, so there are no areas")
    return FunctionalUrbanAreas(label, in_city, raw, tuple(log), faults.warnings)


def _merge_cities(
    matrix: FlowMatrix,
    city: npt.NDArray[np.int64],
    people: npt.NDArray[np.float64],
    p: FunctionalUrbanAreaParameters,
    names: npt.NDArray[np.object_],
    log: list[str],
) -> npt.NDArray[np.int64]:
    merged = np.full(len(city), -1, np.int64)
    inside = city >= 0
    merged[inside] = np.unique(city[inside], return_inverse=True)[1]
    while True:
        k = int(merged.max(initial=-1)) + 1
        rows = np.flatnonzero(merged >= 0)
        member = sparse.coo_array(
            (np.ones(len(rows)), (rows, merged[rows])), (len(city), k)
        ).tocsr()
        flow: Any = member.T @ matrix @ member
        between = flow.toarray()
        employed = np.asarray(member.T @ people, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num(between / employed[:, None])
        np.fill_diagonal(share, 0.0)
        link = share >= p.merge_share
        if not link.any():
            return merged
        for a, b in zip(*np.nonzero(link), strict=True):
            first, second = (", ".join(names[np.flatnonzero(merged == c)]) for c in (a, b))
            log.append(f"city {first} joins {second}: {share[a, b]:.1%} work there")
        # Connected parts: the result does not depend on the order of the mergers.
        part = connected_components(sparse.csr_array(link), directed=False)[1]
        merged[rows] = part[merged[rows]]
        if p.merging == "once":
            return merged


def _drop_exclaves(
    label: npt.NDArray[np.int64],
    in_city: npt.NDArray[np.bool_],
    borders: FlowMatrix,
    names: npt.NDArray[np.object_],
    log: list[str],
) -> None:
    piece = pieces_of(label, borders)
    with_city = np.unique(piece[in_city])
    lost = (label >= 0) & ~np.isin(piece, with_city)
    log.extend(
        f"{names[i]}: exclave, not connected to its city, dropped" for i in np.flatnonzero(lost)
    )
    label[lost] = -1


def fill_enclaves(
    label: npt.NDArray[np.int64],
    borders: FlowMatrix,
    perimeter_m: npt.NDArray[np.float64],
    min_border_share: float,
    names: npt.NDArray[np.object_],
    log: list[str],
) -> None:
    """Add zones that only one area surrounds to that area, in place; doing it twice adds nothing.

    Foreign border and coast are not looked at, beyond the share of the outline that they may be;
    the log says which additions depend on that.
    """
    piece = pieces_of(label, borders)
    for part in np.unique(piece[label < 0]):
        zones = np.flatnonzero(piece == part)
        rows = borders[zones]
        outside = ~np.isin(rows.indices, zones)
        around = np.unique(label[rows.indices[outside]])
        if len(around) != 1 or around[0] < 0:
            continue
        shared_m = rows.data[outside].sum()
        inner_m = rows.data[~outside].sum()
        outline_m = perimeter_m[zones].sum() - inner_m
        share = shared_m / outline_m
        if share < min_border_share:
            continue
        label[zones] = around[0]
        text = ", ".join(names[zones])
        if share > 1.0 - 1e-6:
            log.append(f"{text}: enclave, added")
        else:
            log.append(
                f"{text}: touches one area only, along {share:.0%} of its outline, the rest is "
                "coast or border: added; no enclave if that counted"
            )
