"""Everything about a border loss but the travel times: checked once, used for every block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.access.crow_fly import geodesic_azimuths_deg
from halfcircle.access.decay import decay_table
from halfcircle.errors import Fault, OpportunityError, StudyError, TravelTimeError
from halfcircle.places import Opportunities, Places
from halfcircle.regions._border import border_reach, sector_reach
from halfcircle.regions.border_checks import check_countries
from halfcircle.regions.border_match import SectorMatch
from halfcircle.regions.border_result import BorderLoss, BorderMeasures
from halfcircle.regions.border_rules import BorderRules

__all__ = ["BorderPlan", "plan_border"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TABLE_STEP_S = 1.0
# A country without any data makes a decayed reach unknown once its nearest zone weighs this much.
MISSING_WEIGHT = 0.01


@dataclass(frozen=True, eq=False)
class BorderPlan:
    """Everything about a border loss but the travel times; made by `plan_border`.

    Parameters
    ----------
    origins, destinations : Places
    mode : str
    countries : tuple of str
        Sides, in the order of their indices.
    origin_side, destination_side : array of int64, shape (n_origins,) and (n_destinations,)
        Index into `countries`; -1 for places that are left out.
    columns : tuple of (str, str)
        Opportunity and group of each column.
    weights : array of float64, shape (n_destinations, n_columns)
        Opportunities, 0 where there is no data.
    no_data : array of bool, shape (n_columns, n_countries)
        Countries of which no zone has data.
    measures : BorderMeasures
    rule_sets : tuple of BorderRules
        The rules, then variants of them.
    skills : SectorMatch, optional
        Where `match` came from: its total is a sum over sectors, and it may not be known.
    """

    origins: Places
    destinations: Places
    mode: str
    countries: tuple[str, ...]
    origin_side: Ints
    destination_side: Ints
    columns: tuple[tuple[str, str], ...]
    weights: Floats
    no_data: npt.NDArray[np.bool_]
    measures: BorderMeasures
    rule_sets: tuple[BorderRules, ...]
    match: Floats | None = None
    skills: SectorMatch | None = None
    tables: Floats = field(repr=False, default_factory=lambda: np.zeros((0, 2)))
    penalty_s: Floats = field(repr=False, default_factory=lambda: np.zeros((0, 0, 0)))
    factor: Floats = field(repr=False, default_factory=lambda: np.ones((0, 0, 0, 0)))
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        # Read-only throughout: kernels compile once per kind of array.
        for name in ("origin_side", "destination_side"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64))
        for name in ("weights", "tables", "penalty_s", "factor"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))

    def block(
        self,
        origin_idx: npt.NDArray[np.int64],
        times_s: npt.NDArray[np.float32],
        *,
        closed_times_s: npt.NDArray[np.float32] | None = None,
        sectors: bool = False,
        match_sets: Sequence[bool] | None = None,
    ) -> BorderLoss:
        """Border loss of a block of origins whose travel times are at hand.

        Parameters
        ----------
        origin_idx : array of int64, shape (n_block,)
        times_s : array of float32, shape (n_block, n_destinations), seconds
            One percentile; infinite where not reached.
        closed_times_s : array of float32, same shape, seconds, optional
            Times on a network without border crossings ("hard closed").
        sectors : bool
            Also split reach over compass sectors.
        match_sets : sequence of bool, optional
            Whether each rule set uses the match weights; all do where left out.

        Raises
        ------
        TravelTimeError
            Times are negative, not a number or of the wrong shape.
        """
        idx = np.asarray(origin_idx, dtype=np.int64)
        times = self._checked(times_s, len(idx))
        n, m, k = len(idx), len(self.measures), len(self.columns)
        v, s = len(self.rule_sets), len(self.countries)
        match = np.ones((n, k)) if self.match is None else self.match[idx]
        uses = [self.match is not None] * v if match_sets is None else list(match_sets)
        domestic, reach = np.zeros((n, m, k)), np.zeros((n, m, k))
        effective, nearest_s = np.zeros((n, v, m, k)), np.full((n, s), np.inf)
        bands_s = np.asarray(self.measures.bands_s, dtype=np.float64)
        side = self.origin_side[idx]
        border_reach(
            times, side, self.destination_side, self.weights, bands_s,
            self.tables, TABLE_STEP_S, self.penalty_s, self.factor,
            match, np.array(uses, dtype=np.bool_), domestic, reach, effective, nearest_s,
        )  # fmt: skip
        if self.skills is not None:
            self._match_total(idx, uses, domestic, effective)
        hard = None
        if closed_times_s is not None:
            hard = np.zeros((n, m, k))
            border_reach(
                self._checked(closed_times_s, n), side, self.destination_side,
                self.weights, bands_s, self.tables, TABLE_STEP_S,
                frozen_array(np.zeros((0, s, s)), np.float64),
                frozen_array(np.ones((0, k, s, s)), np.float64), match, np.zeros(0, dtype=np.bool_),
                hard, np.zeros((n, m, k)), np.zeros((n, 0, m, k)), np.full((n, s), np.inf),
            )  # fmt: skip
        by_sector = None
        if sectors:
            by_sector = self._sectors(idx, times, bands_s)
        self._undefine(side, nearest_s, domestic, reach, effective, hard, by_sector)
        return BorderLoss(
            origins=self.origins.take(idx),
            destinations_in=self.countries,
            mode=self.mode,
            columns=self.columns,
            measures=self.measures,
            rule_sets=self.rule_sets,
            domestic=domestic,
            open_reach=reach,
            effective=effective,
            hard_closed=hard,
            nearest_s=nearest_s,
            sector_domestic=None if by_sector is None else by_sector[0],
            sector_open=None if by_sector is None else by_sector[1],
            vectors=None if by_sector is None else by_sector[2],
            notices=self.notices,
        )

    def _match_total(
        self, idx: Ints, uses: Sequence[bool], domestic: Floats, effective: Floats
    ) -> None:
        """All sectors together count as the sum of their parts; blank what is not known."""
        if self.skills is None:
            return
        parts, total = list(self.skills.parts(self.columns)), self.skills.total(self.columns)
        unknown = ~self.skills.known[idx]
        for v in np.flatnonzero(uses):
            if total >= 0:
                abroad = (effective[:, v][..., parts] - domestic[..., parts]).sum(axis=-1)
                effective[:, v, :, total] = domestic[..., total] + abroad
                if not self.skills.whole:
                    effective[:, v, :, total] = np.nan
            for k in (*parts, *((total,) if total >= 0 else ())):
                effective[unknown, v, :, k] = np.nan

    def _checked(self, times_s: npt.NDArray[np.float32], n: int) -> npt.NDArray[np.float32]:
        times = np.asarray(times_s)
        expected = (n, len(self.destinations))
        if times.shape != expected:
            raise TravelTimeError(
                f"travel times of mode {self.mode!r} have shape {times.shape}, expected {expected}"
            )
        wrong = ~(times >= 0.0)
        if wrong.any():
            raise TravelTimeError(
                f"travel times of mode {self.mode!r}: {int(wrong.sum()):,} are negative or not a "
                "number; pairs that are not reached are infinite"
            )
        # A writable copy where needed: one compiled kernel for all callers.
        return np.require(times, dtype=np.float32, requirements=["C", "W"])

    def _sectors(
        self, idx: Ints, times: npt.NDArray[np.float32], bands_s: Floats
    ) -> tuple[Floats, Floats, Floats]:
        n, m, k = len(idx), len(self.measures), len(self.columns)
        limit_s = bands_s[-1] if len(bands_s) else 0.0
        if len(self.tables):
            limit_s = max(limit_s, TABLE_STEP_S * self.tables.shape[1])
        block = self.origins.take(idx)
        azimuth = geodesic_azimuths_deg(block, self.destinations, wanted=times <= limit_s)
        own = block.place_id[:, None] == self.destinations.place_id[None, :]
        azimuth[own] = np.nan
        domestic, reach = np.zeros((n, m, k, 17)), np.zeros((n, m, k, 17))
        vectors = np.zeros((n, m, k, 4))
        sector_reach(
            times, azimuth, self.origin_side[idx], self.destination_side,
            self.weights, bands_s, self.tables, TABLE_STEP_S,
            domestic, reach, vectors,
        )  # fmt: skip
        return domestic, reach, vectors

    def _undefine(
        self,
        side: Ints,
        nearest_s: Floats,
        domestic: Floats,
        reach: Floats,
        effective: Floats,
        hard: Floats | None,
        by_sector: tuple[Floats, Floats, Floats] | None,
    ) -> None:
        """Blank what is not known: origins on no side, and reach into countries without data."""
        unknown = np.zeros(reach.shape, dtype=np.bool_)
        unknown_home = np.zeros(reach.shape, dtype=np.bool_)
        unknown_effective = np.zeros(effective.shape, dtype=np.bool_)
        for k, c in zip(*np.nonzero(self.no_data), strict=True):
            touched = self._touched(nearest_s[:, c])
            unknown[:, :, k] |= touched
            unknown_home[:, :, k] |= touched & (side == c)[:, None]
            for v in range(len(self.rule_sets)):
                charged = nearest_s[:, c] + self.penalty_s[v, side, c]
                shut = self.factor[v, k, side, c] == 0.0
                charged[shut] = np.inf
                unknown_effective[:, v, :, k] |= self._touched(charged)
        nowhere = side < 0
        unknown[nowhere] = unknown_home[nowhere] = unknown_effective[nowhere] = True
        reach[unknown] = np.nan
        domestic[unknown_home] = np.nan
        effective[unknown_effective] = np.nan
        if hard is not None:
            hard[unknown_home] = np.nan
        if by_sector is not None:
            by_sector[0][unknown_home] = np.nan
            by_sector[1][unknown] = np.nan
            by_sector[2][..., :2][unknown_home] = np.nan
            by_sector[2][..., 2:][unknown] = np.nan

    def _touched(self, nearest_s: Floats) -> npt.NDArray[np.bool_]:
        """Whether a place this far away counts, shape (n_block, n_measures)."""
        bands = nearest_s[:, None] <= np.asarray(self.measures.bands_s)[None, :]
        finite = np.where(np.isfinite(nearest_s), nearest_s, 0.0)
        decays = [
            (decay(finite) >= MISSING_WEIGHT) & np.isfinite(nearest_s)
            for decay in self.measures.decays
        ]
        return np.column_stack([bands, *decays]) if decays else bands


def plan_border(
    origins: Places,
    destinations: Places,
    opportunities: Sequence[Opportunities],
    *,
    mode: str,
    measures: BorderMeasures,
    rules: BorderRules | None = None,
    variants: Sequence[BorderRules] = (),
    unassigned: str = "error",
    match: npt.ArrayLike | SectorMatch | None = None,
) -> BorderPlan:
    """Check everything that a border loss needs, except travel times.

    Parameters
    ----------
    origins, destinations : Places
        With the country of each.
    opportunities : sequence of Opportunities
        At the destinations: jobs, schools, care, ...
    mode : str
        Mode of travel, as in tables.
    measures : BorderMeasures
        Bands and decays.
    rules : BorderRules, optional
        What crossings cost; open where left out.
    variants : sequence of BorderRules
        Further sets, for sensitivity.
    unassigned : {"error", "leave out"}
        What to do with places without a country (disputed, at sea).
    match : SectorMatch or array of float64, shape (n_origins, n_columns), optional
        Weight in [0, 1] of foreign opportunities for residents of each origin, see
        `sector_match`; used in effective reach.

    Raises
    ------
    ZoneError
        Countries are missing, or a place is in two of them.
    OpportunityError
        Nothing to count, or counts that do not fit the destinations.
    StudyError
        A rule names a country or group that is not there; `match` is out of range.
    """
    countries, side_from, side_to, notices = check_countries(
        origins, destinations, unassigned=unassigned
    )
    faults = Faults()
    n = len(destinations)
    if not opportunities:
        faults.add("[border] opportunities", "there are none")
    names = [item.name for item in opportunities]
    for name in sorted({x for x in names if names.count(x) > 1}):
        faults.add("[border] opportunities", "given twice", values=[name])
    for item in opportunities:
        if item.n_zones != n:
            faults.add(
                f"opportunities {item.name!r}",
                f"are given for {item.n_zones:,} zones, travel times lead to {n:,}",
            )
    faults.raise_errors(OpportunityError)
    columns = tuple((item.name, group) for item in opportunities for group in item.groups)
    values = np.concatenate([item.values for item in opportunities])
    no_data = np.zeros((len(columns), len(countries)), dtype=np.bool_)
    for k, (name, group) in enumerate(columns):
        empty = np.isnan(values[k])
        label = f"opportunities {name!r}" + ("" if group == "all" else f", group {group!r}")
        for c, country in enumerate(countries):
            here = side_to == c
            no_data[k, c] = here.any() and bool(empty[here].all())
            if no_data[k, c]:
                faults.warn(
                    label,
                    f"no zone of country {country!r} has data: reach into it is unknown, not 0",
                    remedy="bring a source for that side, or leave the country out of the zones",
                )
            elif empty[here].any():
                faults.warn(
                    label,
                    f"zones of country {country!r} without data are left out of sums",
                    values=destinations.place_id[here & empty],
                )
    rule_sets = (BorderRules() if rules is None else rules, *variants)
    groups = [group for _, group in columns]
    charges = [each.arrays(countries, mode, groups) for each in rule_sets]
    for each in rule_sets[:1]:
        faults.extend(each.notices)
        unstated = each.unstated(countries, mode) if each.rules else []
        if unstated:
            faults.warn(
                "[border] penalties", "crossings without a rule count as open", values=unstated
            )
    weights_of_match = None
    skills = match if isinstance(match, SectorMatch) else None
    if match is not None:
        weights = match.columns(columns) if isinstance(match, SectorMatch) else match
        weights_of_match = frozen_array(weights, np.float64)
        expected = (len(origins), len(columns))
        if (
            weights_of_match.shape != expected
            or not ((weights_of_match >= 0.0) & (weights_of_match <= 1.0)).all()
        ):
            raise StudyError(
                f"match weights must lie between 0 and 1 and have shape {expected}, "
                f"not {weights_of_match.shape}"
            )
    curves = [decay_table(decay, step_s=TABLE_STEP_S) for decay in measures.decays]
    tables = np.zeros((len(curves), max([2, *map(len, curves)])))
    for row, curve in zip(tables, curves, strict=True):
        row[: len(curve)] = curve
    return BorderPlan(
        origins=origins,
        destinations=destinations,
        mode=mode,
        countries=countries,
        origin_side=side_from,
        destination_side=side_to,
        columns=columns,
        weights=np.ascontiguousarray(np.nan_to_num(values, nan=0.0).T),
        no_data=no_data,
        measures=measures,
        rule_sets=rule_sets,
        match=weights_of_match,
        skills=skills,
        tables=tables,
        penalty_s=np.array([penalty for penalty, _ in charges]),
        factor=np.array([factor for _, factor in charges]),
        notices=(*notices, *faults.items),
    )
