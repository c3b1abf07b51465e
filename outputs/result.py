"""What a finished run hands over; everything that is written is written from this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import Fault, OutputError
from halfcircle.outputs._codes import row_codes
from halfcircle.outputs.columns import TABLES
from halfcircle.outputs.looks import MapLooks
from halfcircle.outputs.place_reach import PlaceReach
from halfcircle.places import Opportunities, Zones

if TYPE_CHECKING:
    from halfcircle.outputs.views import Picture

__all__ = ["RunResult", "Settings", "Source"]

WEIGHT_NAMES = ("population", "residents", "inhabitants", "people", "persons", "workers")


@dataclass(frozen=True)
class Source:
    """One input of a run, as the report and the manifest name it.

    Parameters
    ----------
    role : str
        What it was used for: ``"zones"``, ``"jobs"``, ``"streets"``, ``"timetable avv"``, ...
    name : str
        What people call it.
    path : str
        As given in the study file.
    sha256 : str
        Hexadecimal; empty where there is no file.
    n_bytes : int, optional
        Size of the file.
    year : int, optional
        Vintage, if it is one year.
    vintage : str
        Vintage in words, e.g. a period of validity; wins over `year` in the report.
    licence : str
    text : str
        Anything else that readers must know; plain text.
    """

    role: str
    name: str
    path: str = ""
    sha256: str = ""
    n_bytes: int | None = None
    year: int | None = None
    vintage: str = ""
    licence: str = ""
    text: str = ""


@dataclass(frozen=True)
class Settings:
    """How a run was computed, as far as a reader of its results must know.

    Parameters
    ----------
    modes : tuple of str
        In the order in which tables and maps show them.
    bands_min : tuple of float, minutes
    percentiles : tuple of int
        Percentiles of travel time over the departure window.
    date : str
        Service day, ISO; empty without a timetable.
    window : tuple of str, optional
        First and last departure, ``("07:00", "09:00")``, local time of `time_zone`.
    time_zone : str
    step_s : int or "continuous", optional, seconds
        Between departures; continuous where no departure is left out.
    max_rides : int, optional
    speeds_kmh : mapping of str to float
    access_max_min : mapping of str to float, minutes
        Longest way to and from stops, per access mode.
    engine : str
    further : mapping of str to str
        Whatever else belongs in the report: label -> value.
    """

    modes: tuple[str, ...] = ()
    bands_min: tuple[float, ...] = ()
    percentiles: tuple[int, ...] = (50,)
    date: str = ""
    window: tuple[str, str] | None = None
    time_zone: str = ""
    step_s: int | Literal["continuous"] | None = None
    max_rides: int | None = None
    speeds_kmh: Mapping[str, float] = field(default_factory=dict)
    access_max_min: Mapping[str, float] = field(default_factory=dict)
    engine: str = ""
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RunResult:
    """Results of a run and what is needed to sign for them.

    Tables have the columns of `halfcircle.outputs.TABLES`; columns beyond those are left out of
    what is written. Tables must not be changed afterwards.

    Parameters
    ----------
    name : str
        Title of the study.
    zones : Zones
    opportunities : tuple of Opportunities
        As used: the first one is what headlines and first maps show.
    reach : DataFrame
        Values that are not known are NaN or have no row.
    unreached : DataFrame, optional
    border, sectors, membership, scenarios : DataFrame, optional
    border_summary, border_sensitivity, half_circle, border_land, border_causes, border_pairs,
    border_potential, border_wages, border_sources : DataFrame, optional
        What else is told about the border.
    measures, area_measures, city_pairs, closures : DataFrame, optional
        Measures beside reach: of zones, of the whole area, between cities, of amenities.
    winning_mode : DataFrame, optional
        Which mode of each best-of set is the fastest.
    areas : mapping of str to array of str, shape (n_zones,)
        Other zonings that indicators are told of: by name, the area of each zone, the empty string
        for none.
    regions : mapping of str to GeoDataFrame
        Layer name -> region polygons.
    further : mapping of str to DataFrame
        Tables beside those, by path below the output folder without suffix: ``joined``,
        ``regions_dial``, ``scenarios/winners_and_losers``, ...; written as CSV.
    border_line : shapely geometry, optional
        National border in the CRS of the zones; without it the line between zones of different
        countries is drawn.
    weight : str, optional
        Name of the opportunity that counts people, for averages over people. Left out: the first
        one called population, residents, inhabitants, people, persons or workers; if there is
        none, averages are over zones, and say so.
    settings : Settings
    isochrones : tuple of PlaceReach
        Travel times from chosen places, for isochrones.
    matrices : mapping of str to TravelTimeSource
        Mode -> source whose whole matrix of travel times is written.
    looks : MapLooks
        Classes of maps, and boundaries that are drawn over them.
    sources : tuple of Source
    notices : tuple of Fault
        What was noticed, dropped or left out, and why.
    timings_s : mapping of str to float, seconds
        Stage -> duration; kept out of everything that must be reproducible.
    study_hash : str
        Identifies the study file and its inputs.

    Raises
    ------
    OutputError
        A column is missing, a zone or an opportunity is unknown, a key occurs twice, a value is
        negative or infinite, lengths differ.
    """

    name: str
    zones: Zones
    opportunities: tuple[Opportunities, ...]
    reach: pd.DataFrame
    settings: Settings
    unreached: pd.DataFrame | None = None
    border: pd.DataFrame | None = None
    sectors: pd.DataFrame | None = None
    membership: pd.DataFrame | None = None
    scenarios: pd.DataFrame | None = None
    border_summary: pd.DataFrame | None = None
    border_sensitivity: pd.DataFrame | None = None
    half_circle: pd.DataFrame | None = None
    border_land: pd.DataFrame | None = None
    border_causes: pd.DataFrame | None = None
    border_pairs: pd.DataFrame | None = None
    border_potential: pd.DataFrame | None = None
    border_wages: pd.DataFrame | None = None
    border_sources: pd.DataFrame | None = None
    measures: pd.DataFrame | None = None
    area_measures: pd.DataFrame | None = None
    city_pairs: pd.DataFrame | None = None
    closures: pd.DataFrame | None = None
    areas: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    winning_mode: pd.DataFrame | None = None
    regions: Mapping[str, Any] = field(default_factory=dict)
    further: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    border_line: Any = None
    weight: str | None = None
    isochrones: tuple[PlaceReach, ...] = ()
    matrices: Mapping[str, TravelTimeSource] = field(default_factory=dict)
    looks: MapLooks = field(default_factory=MapLooks)
    sources: tuple[Source, ...] = ()
    notices: tuple[Fault, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    study_hash: str = ""

    def __post_init__(self) -> None:
        faults = Faults()
        for name, table in self.tables.items():
            _check_table(name, table, self.zones, faults)
        n_zones = len(self.zones)
        for opportunity in self.opportunities:
            if opportunity.n_zones != n_zones:
                faults.add(
                    f"opportunities {opportunity.name!r}",
                    f"for {opportunity.n_zones:,} zones, but there are {n_zones:,}",
                )
        for one in self.isochrones:
            if one.times_s.shape != (n_zones,) or not 0 <= one.zone_idx < n_zones:
                faults.add(f"isochrones {one.name!r}", f"do not fit {n_zones:,} zones")
        for name, area in self.areas.items():
            if len(area) != n_zones:
                faults.add(f"areas {name!r}", f"for {len(area):,} zones, but there are {n_zones:,}")
        known = {opportunity.name for opportunity in self.opportunities}
        if self.weight is not None and self.weight not in known:
            faults.add("weight", "no opportunity has this name", values=[self.weight])
        if "opportunity" in self.reach:
            unknown = set(self.reach["opportunity"].unique()) - known
            if unknown:
                faults.add("reach", "unknown opportunities", values=sorted(map(str, unknown)))
        if faults.errors:
            raise OutputError("the results do not fit together:", faults=faults.errors)

    def __repr__(self) -> str:
        extras = [name for name in self.tables if name not in ("reach", "unreached")]
        text = f"<RunResult {self.name!r}: {len(self.zones):,} zones, {len(self.reach):,} values"
        return text + (f", {', '.join(extras)}>" if extras else ">")

    def _repr_html_(self) -> str:
        from halfcircle.outputs.views import result_html

        return result_html(self)

    def to_geodataframe(
        self,
        *,
        mode: str | None = None,
        opportunity: str | None = None,
        band_min: float | None = None,
        percentile: int | None = None,
        group: str | None = None,
        measure: str | None = None,
        scenario: str | None = None,
        quantity: Literal["reach", "loss", "delta", "measure"] = "reach",
    ) -> Any:
        """Zones with their shapes and results, a column per layer.

        Parameters
        ----------
        mode, opportunity, band_min, percentile, group, measure, scenario : optional
            What to keep; everything where left out.
        quantity : {"reach", "loss", "delta", "measure"}
            Opportunities reached, share lost at the border, difference from the baseline, or a
            measure beside reach.

        Returns
        -------
        GeoDataFrame
            As of `halfcircle.outputs.views.result_frame`.

        Raises
        ------
        OutputError
            There is no such result.
        """
        # Views are drawn from results, so results cannot import them at the top.
        from halfcircle.outputs.views import Choice, result_frame

        choice = Choice(mode, opportunity, band_min, percentile, group, measure, scenario, quantity)
        return result_frame(self, choice)

    def plot(
        self,
        *,
        mode: str | None = None,
        opportunity: str | None = None,
        band_min: float | None = None,
        percentile: int | None = None,
        group: str | None = None,
        measure: str | None = None,
        scenario: str | None = None,
        quantity: Literal["reach", "loss", "delta", "measure"] = "reach",
        language: str = "en",
    ) -> Picture:
        """Map of one result with its legend; notebooks show it, ``.save("map.svg")`` keeps it.

        Parameters
        ----------
        mode, opportunity, band_min, percentile, group, measure, scenario : optional
            Which; of several the one that the report would show first.
        quantity : {"reach", "loss", "delta", "measure"}
        language : {"en", "nl", "de"}

        Returns
        -------
        Picture

        Raises
        ------
        OutputError
            There is no such result or language.
        """
        from halfcircle.outputs.texts import Texts
        from halfcircle.outputs.views import Choice, plot_result

        choice = Choice(mode, opportunity, band_min, percentile, group, measure, scenario, quantity)
        return plot_result(self, choice, texts=Texts(language))

    def to_xarray(self, *, measure: str = "cumulative") -> Any:
        """Reach and border loss as labelled arrays, an axis per thing that tells results apart.

        Needs xarray: ``pip install 'halfcircle[xarray]'``.

        Parameters
        ----------
        measure : str
            How opportunities are counted.

        Returns
        -------
        xarray.Dataset
            As of `halfcircle.outputs.cubes.result_dataset`.

        Raises
        ------
        OutputError
            The run has no such measure.
        MissingExtraError
            xarray is not installed.
        """
        from halfcircle.outputs.cubes import result_dataset

        return result_dataset(self, measure=measure)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables that are present, by name, in the order of `TABLES`."""
        found = {name: getattr(self, name) for name in TABLES}
        return {name: table for name, table in found.items() if table is not None}

    @property
    def weight_name(self) -> str | None:
        """Opportunity that averages are weighted by; None when they are over zones."""
        if self.weight is not None:
            return self.weight
        names = {opportunity.name.lower(): opportunity.name for opportunity in self.opportunities}
        return next((names[word] for word in WEIGHT_NAMES if word in names), None)

    @property
    def all_notices(self) -> tuple[Fault, ...]:
        """Notices of the run, the zones and the opportunities, each once."""
        gathered = [*self.zones.notices]
        for opportunity in self.opportunities:
            gathered += opportunity.notices
        gathered += self.notices
        return tuple(dict.fromkeys(gathered))


def _check_table(name: str, table: pd.DataFrame, zones: Zones, faults: Faults) -> None:
    spec = TABLES[name].present(table.columns)
    missing = [column for column in spec.column_names if column not in table.columns]
    if missing:
        faults.add(name, "columns are missing", values=missing)
        return
    for column in spec.columns:
        values = table[column.name]
        if column.kind != "text" and len(values):
            if not pd.api.types.is_numeric_dtype(values):
                faults.add(f"{name}.{column.name}", f"is {values.dtype}, expected numbers")
            elif np.isinf(values.to_numpy(dtype=np.float64, na_value=np.nan)).any():
                faults.add(f"{name}.{column.name}", "has infinite values")
        if column.required and values.isna().any():
            faults.add(f"{name}.{column.name}", "is empty", count=int(values.isna().sum()))
    unknown = pd.Index([])
    if "zone_id" in spec.column_names:
        unknown = pd.Index(table["zone_id"].unique()).difference(pd.Index(zones.zone_id))
    if len(unknown):
        faults.add(f"{name}.zone_id", "unknown zones", values=list(unknown))
    if name == "reach" and pd.api.types.is_numeric_dtype(table["value"]):
        n_negative = int((table["value"] < 0).sum())
        if n_negative:
            faults.add("reach.value", "is negative", count=n_negative)
    # A zone may belong to several regions: membership has no key.
    twice = pd.Series(row_codes(table, spec.key_names)).duplicated().to_numpy()
    if twice.any() and name != "membership":
        rows = table.loc[twice, list(spec.key_names)].head(5).itertuples(index=False, name=None)
        faults.add(name, "rows occur twice", values=list(rows), count=int(twice.sum()))
