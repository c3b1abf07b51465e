"""What a border takes away, as arrays and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.decay import Decay
from halfcircle.errors import Fault, StudyError
from halfcircle.places import Places
from halfcircle.regions.border_rules import BorderRules

__all__ = ["BorderLoss", "BorderMeasures", "concat_losses"]

Floats = npt.NDArray[np.float64]

CUMULATIVE = "cumulative"
DECAY = "decay"
HARD_CLOSED = "_hard_closed"


@dataclass(frozen=True)
class BorderMeasures:
    """Bands and decays for which reach is worked out.

    Parameters
    ----------
    bands_s : tuple of float, seconds
        Opportunities within each band, ascending.
    decays : tuple of Decay
        Opportunities weighted by travel time; each gives one further measure.

    Raises
    ------
    StudyError
        There is no measure, a band is not positive, bands do not ascend, or names repeat.
    """

    bands_s: tuple[float, ...] = ()
    decays: tuple[Decay, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands_s", tuple(float(b) for b in self.bands_s))
        object.__setattr__(self, "decays", tuple(self.decays))
        faults = Faults()
        if not len(self):
            faults.add("[reach]", "neither bands nor a decay are given")
        bad = [b for b in self.bands_s if not (np.isfinite(b) and b > 0.0)]
        if bad:
            faults.add("[reach] bands_min", "bands must be positive numbers", values=bad)
        elif any(b <= a for a, b in zip(self.bands_s, self.bands_s[1:], strict=False)):
            faults.add("[reach] bands_min", "bands must ascend", values=self.bands_s)
        names = [decay.name for decay in self.decays]
        if len(set(names)) != len(names):
            faults.add("[reach] decay", "given twice", values=names)
        faults.raise_errors(StudyError)

    def __len__(self) -> int:
        return len(self.bands_s) + len(self.decays)

    @property
    def names(self) -> tuple[str, ...]:
        """``"cumulative"`` per band, then ``"decay"``; names of the curves where there are several.

        The same names as in ``reach.parquet``, so that the tables join.
        """
        names = tuple(decay.name for decay in self.decays)
        return (CUMULATIVE,) * len(self.bands_s) + ((DECAY,) if len(names) == 1 else names)

    @property
    def band_min(self) -> tuple[float, ...]:
        """Band in minutes, NaN for decays."""
        return tuple(b / 60.0 for b in self.bands_s) + (float("nan"),) * len(self.decays)


@dataclass(frozen=True, eq=False)
class BorderLoss:
    """Reach on either side of the border, and the loss, for n origins.

    Arrays have shape (n, n_measures, n_columns) where columns are pairs of opportunity and group.
    NaN means "not known": an origin on no side, or reach into a country without data.

    Parameters
    ----------
    origins : Places
    destinations_in : tuple of str
        Countries, in the order of `nearest_s`.
    mode : str
    columns : tuple of (str, str)
    measures : BorderMeasures
    rule_sets : tuple of BorderRules
        Rules of ``effective[:, 0]``, then of the variants.
    domestic, open_reach : array of float64
        Reach at home, and as if there were no border.
    effective : array of float64, shape (n, n_rule_sets, n_measures, n_columns)
    hard_closed : array of float64, optional
        Domestic reach on a network without crossings.
    nearest_s : array of float64, shape (n, n_countries), seconds
        Travel time to the nearest destination of each country, infinite where none is reached.
    sector_domestic, sector_open : array of float64, shape (n, n_measures, n_columns, 17), optional
        Reach per compass sector, 0 centred on north and clockwise; 16 is the core.
    vectors : array of float64, shape (n, n_measures, n_columns, 4), optional
        Sums of opportunities times unit vectors: domestic east and north, open east and north.
    percentile : int
        Percentile of travel time over the departure window.
    skills : array of float64, shape of `domestic`, optional
        Effective reach where jobs abroad count as far as they match; NaN in columns that are not
        by sector.
    mirror_line : array of float64, shape of `domestic`, optional
        Reach if abroad were home reflected in the line of the border, see `mirror_in_line`.
    notices : tuple of Fault
    """

    origins: Places
    destinations_in: tuple[str, ...]
    mode: str
    columns: tuple[tuple[str, str], ...]
    measures: BorderMeasures
    rule_sets: tuple[BorderRules, ...]
    domestic: Floats
    open_reach: Floats
    effective: Floats
    hard_closed: Floats | None
    nearest_s: Floats
    sector_domestic: Floats | None = None
    sector_open: Floats | None = None
    vectors: Floats | None = None
    percentile: int = 50
    skills: Floats | None = None
    mirror_line: Floats | None = None
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "domestic", "open_reach", "effective", "hard_closed", "nearest_s",
            "sector_domestic", "sector_open", "vectors", "skills", "mirror_line",
        ):  # fmt: skip
            array = getattr(self, name)
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.origins)

    def __repr__(self) -> str:
        kinds = ", ".join("/".join(column) for column in self.columns)
        return (
            f"<BorderLoss: {len(self):,} origins by {self.mode}, {len(self.measures)} measures of "
            f"{kinds}, rules {', '.join(rules.name for rules in self.rule_sets)}>"
        )

    @property
    def loss(self) -> Floats:
        """``1 - domestic / open``, in [0, 1]; NaN where nothing is in reach or it is unknown."""
        return _one_minus_ratio(self.domestic, self.open_reach)

    @property
    def loss_hard_closed(self) -> Floats | None:
        """The same with domestic reach on a network without crossings."""
        if self.hard_closed is None:
            return None
        return _one_minus_ratio(self.hard_closed, self.open_reach)

    @property
    def loss_effective(self) -> Floats:
        """``1 - effective / open``: what the rules take away of the open reach."""
        return _one_minus_ratio(self.effective[:, 0], self.open_reach)

    def with_skills(self, columns: Sequence[tuple[str, str]]) -> BorderLoss:
        """Take the last rule set out of `effective` and keep it as `skills`.

        Parameters
        ----------
        columns : sequence of (str, str)
            Columns that are by sector, or the sum of sectors.
        """
        last = self.effective[:, -1].copy()
        last[..., [column not in columns for column in self.columns]] = np.nan
        return replace(
            self,
            effective=self.effective[:, :-1].copy(),
            rule_sets=self.rule_sets[:-1],
            skills=last,
        )

    def recoverable(self, variant: int = 1) -> Floats:
        """Share of the loss under the rules that a variant wins back.

        ``(A_eff' - A_eff) / (A_nb - A_eff)``; NaN where the rules take nothing.

        Parameters
        ----------
        variant : int
            Position in `rule_sets`.
        """
        if not 0 <= variant < len(self.rule_sets):
            raise StudyError(
                f"there are {len(self.rule_sets)} rule sets, {variant} is not one of them"
            )
        now, then = self.effective[:, 0], self.effective[:, variant]
        lost = self.open_reach - now
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (then - now) / lost
        return np.where(lost > 1e-9 * self.open_reach, share, np.nan)

    def column(self, opportunity: str, group: str = "all") -> int:
        """Position of an opportunity and group in the last axis."""
        if (opportunity, group) not in self.columns:
            raise StudyError(
                f"border loss has no {opportunity!r}, group {group!r}; it has {self.columns}"
            )
        return self.columns.index((opportunity, group))

    def measure(self, *, band_s: float | None = None, decay: str | None = None) -> int:
        """Position of a band or of a decay in the measure axis."""
        if band_s is not None and band_s in self.measures.bands_s:
            return self.measures.bands_s.index(band_s)
        curves = [curve.name for curve in self.measures.decays]
        if decay is not None and decay in curves:
            return len(self.measures.bands_s) + curves.index(decay)
        raise StudyError(
            f"border loss has bands {self.measures.bands_s} s and decays "
            f"{curves}, not {band_s or decay!r}"
        )

    def table(self, *, scenario: str = "baseline") -> pd.DataFrame:
        """Tidy table with the columns of ``border.parquet``.

        Parameters
        ----------
        scenario : str

        Returns
        -------
        DataFrame
            zone_id, scenario, mode, opportunity, group, band_min (NaN for decays), measure,
            reach_domestic, reach_open, reach_effective, loss; a row per origin, measure and
            column. "Hard closed" rows have ``_hard_closed`` behind the name of the measure. With
            `skills` also reach_skills and loss_skills, which takes both the rules and skills that
            do not match.
        """
        frame = self._index(scenario)
        frame["reach_domestic"] = self.domestic.ravel()
        frame["reach_open"] = self.open_reach.ravel()
        frame["reach_effective"] = self.effective[:, 0].ravel()
        frame["loss"] = self.loss.ravel()
        if self.skills is not None:
            frame["reach_skills"] = self.skills.ravel()
            frame["loss_skills"] = _one_minus_ratio(self.skills, self.open_reach).ravel()
        if self.hard_closed is None:
            return frame
        hard = frame.copy()
        hard["measure"] = hard["measure"] + HARD_CLOSED
        hard["reach_domestic"] = self.hard_closed.ravel()
        hard["loss"] = _one_minus_ratio(self.hard_closed, self.open_reach).ravel()
        if self.skills is not None:
            hard[["reach_skills", "loss_skills"]] = np.nan
        return pd.concat([frame, hard], ignore_index=True)

    def sectors(self, *, scenario: str = "baseline") -> pd.DataFrame:
        """Tidy table with the columns of ``sectors.parquet``.

        Returns
        -------
        DataFrame
            zone_id, scenario, mode, opportunity, group, band_min, measure, sector,
            reach_domestic, reach_open.

        Raises
        ------
        StudyError
            The loss was worked out without sectors.
        """
        if self.sector_domestic is None or self.sector_open is None:
            raise StudyError("border loss was worked out without sectors: ask with sectors=True")
        frame = self._index(scenario)
        frame = frame.loc[frame.index.repeat(17)].reset_index(drop=True)
        frame["sector"] = np.tile(np.arange(17, dtype=np.int8), len(frame) // 17)
        frame["reach_domestic"] = self.sector_domestic.ravel()
        frame["reach_open"] = self.sector_open.ravel()
        return frame

    def _index(self, scenario: str) -> pd.DataFrame:
        n, m, k = self.domestic.shape
        names = np.array(self.measures.names, dtype=object)
        return pd.DataFrame(
            {
                "zone_id": np.repeat(self.origins.place_id, m * k),
                "scenario": scenario,
                "mode": self.mode,
                "opportunity": np.tile(np.array([c[0] for c in self.columns], object), n * m),
                "group": np.tile(np.array([c[1] for c in self.columns], object), n * m),
                "band_min": np.tile(np.repeat(np.array(self.measures.band_min), k), n),
                "measure": np.tile(np.repeat(names, k), n),
            }
        )


def _one_minus_ratio(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        # Hard-closed reach may exceed the open one by rounding only; nothing else can.
        return np.where(whole > 0.0, np.clip(1.0 - part / whole, 0.0, 1.0), np.nan)


def concat_losses(parts: Sequence[BorderLoss]) -> BorderLoss:
    """Put blocks of origins of one plan together, in the order given."""
    first = parts[0]
    if len(parts) == 1:
        return first
    countries = [part.origins.country for part in parts]
    country = np.concatenate([c for c in countries if c is not None])
    merged: dict[str, Floats | None] = {}
    for name in (
        "domestic", "open_reach", "effective", "hard_closed", "nearest_s",
        "sector_domestic", "sector_open", "vectors", "skills", "mirror_line",
    ):  # fmt: skip
        arrays = [getattr(part, name) for part in parts]
        merged[name] = None if arrays[0] is None else np.concatenate(arrays)
    origins = Places(
        np.concatenate([part.origins.place_id for part in parts]),
        np.concatenate([part.origins.lon for part in parts]),
        np.concatenate([part.origins.lat for part in parts]),
        country,
    )
    return replace(first, origins=origins, **merged)  # type: ignore[arg-type]
