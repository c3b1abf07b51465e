"""The half circle: in which direction reach is lost, and what if abroad were like home.

Works on the sectors of a `BorderLoss` (``sectors=True``): 16 compass sectors by true azimuth,
sector 0 centred on north and counted clockwise, and a core (16) for the own zone, which has no
direction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.errors import StudyError
from halfcircle.regions.border_result import BorderLoss

__all__ = ["CORE", "N_SECTORS", "SECTOR_NAMES", "HalfCircle", "half_circle", "sector_of"]

Floats = npt.NDArray[np.float64]

N_SECTORS = 16
CORE = 16
SECTOR_NAMES = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE",
    "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
# Beyond this the mirrored and the open reach count as different (bracket "richer" or "poorer").
SAME = 1e-9


def sector_of(azimuth_deg: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Sector of a true azimuth: 0 is 348.75 to 11.25 degrees, clockwise; the core (16) for NaN.

    Parameters
    ----------
    azimuth_deg : array of float, any shape, degrees clockwise from north

    Returns
    -------
    array of int64, same shape
    """
    degrees = np.asarray(azimuth_deg, dtype=np.float64)
    known = np.isfinite(degrees)
    sector = np.floor((np.where(known, degrees, 0.0) + 11.25) / 22.5).astype(np.int64)
    return np.where(known, sector % N_SECTORS, CORE)


@dataclass(frozen=True, eq=False)
class HalfCircle:
    """Direction measures of n origins; arrays have shape (n, n_measures, n_columns).

    NaN where nothing is in reach or reach is not known.

    Parameters
    ----------
    loss : BorderLoss
        What they were made from.
    completeness : array of float64
        Domestic over open reach, summed over sectors and core; equals 1 - loss.
    half_gone : array of float64
        Share of the sectors with any open reach in which less than half of it is domestic;
        every sector counts the same, however much there is.
    asymmetry_domestic, asymmetry_open : array of float64
        Length of the sum of unit vectors to opportunities over their number, in [0, 1]: 0 when
        they lie evenly around, 1 when all lie in one direction. The core has no direction and is
        left out.
    mirror : array of float64
        Reach if abroad were like home: per sector the larger of domestic reach there and in the
        opposite sector, plus the core. Needs no foreign data. A border that runs through the
        middle of two sectors costs up to a sixteenth: of these the mirror keeps one half.
    mirror_line : array of float64, optional
        Reach if abroad were home reflected in the line of the border (`half_circle_line`): knows
        where the border lies, and takes no coast for one. NaN without a land border.
    """

    loss: BorderLoss
    completeness: Floats
    half_gone: Floats
    asymmetry_domestic: Floats
    asymmetry_open: Floats
    mirror: Floats
    mirror_line: Floats | None = None

    @property
    def mirror_line_loss(self) -> Floats:
        """``1 - domestic / mirror_line``; NaN where there is none."""
        if self.mirror_line is None:
            return np.full(self.mirror.shape, np.nan)
        return 1.0 - _ratio(self.loss.domestic, self.mirror_line)

    @property
    def mirror_loss(self) -> Floats:
        """``1 - domestic / mirror``: loss if abroad were like home."""
        return 1.0 - _ratio(self.loss.domestic, self.mirror)

    @property
    def abroad(self) -> npt.NDArray[np.object_]:
        """Whether abroad is ``"richer"`` or ``"poorer"`` than home mirrored, or ``"alike"``.

        The empty string where it is not known. Sea counts too: a sector in which there is water
        on both sides has nothing to mirror, see `land_shares`.
        """
        return _bracket(self.loss.open_reach, self.mirror)

    @property
    def abroad_line(self) -> npt.NDArray[np.object_]:
        """The same beside home mirrored in the line of the border."""
        if self.mirror_line is None:
            return np.full(self.mirror.shape, "", dtype=object)
        return _bracket(self.loss.open_reach, self.mirror_line)

    def table(self, *, scenario: str = "baseline") -> pd.DataFrame:
        """Tidy table: the keys of ``border.parquet``, then the direction measures.

        Returns
        -------
        DataFrame
            zone_id, scenario, mode, opportunity, group, band_min, measure, completeness,
            half_gone, asymmetry_domestic, asymmetry_open, reach_mirror, loss_mirror, abroad,
            reach_mirror_line, loss_mirror_line, abroad_line.
        """
        keys = [
            "zone_id", "scenario", "mode", "opportunity", "group", "band_min", "measure",
        ]  # fmt: skip
        n_rows = self.completeness.size
        frame = self.loss.table(scenario=scenario).iloc[:n_rows][keys].copy()
        frame["completeness"] = self.completeness.ravel()
        frame["half_gone"] = self.half_gone.ravel()
        frame["asymmetry_domestic"] = self.asymmetry_domestic.ravel()
        frame["asymmetry_open"] = self.asymmetry_open.ravel()
        frame["reach_mirror"] = self.mirror.ravel()
        frame["loss_mirror"] = self.mirror_loss.ravel()
        frame["abroad"] = self.abroad.ravel()
        line = self.mirror_line
        frame["reach_mirror_line"] = np.nan if line is None else line.ravel()
        frame["loss_mirror_line"] = self.mirror_line_loss.ravel()
        frame["abroad_line"] = self.abroad_line.ravel()
        return frame


def half_circle(loss: BorderLoss) -> HalfCircle:
    """Direction measures of a border loss.

    Parameters
    ----------
    loss : BorderLoss
        Worked out with ``sectors=True``.

    Raises
    ------
    StudyError
        It was worked out without sectors.
    """
    if loss.sector_domestic is None or loss.sector_open is None or loss.vectors is None:
        raise StudyError("border loss was worked out without sectors: ask with sectors=True")
    domestic, reach = loss.sector_domestic, loss.sector_open
    share = _ratio(domestic[..., :CORE], reach[..., :CORE])
    filled = np.isfinite(share).sum(axis=-1)
    below = (np.nan_to_num(share, nan=1.0) < 0.5).sum(axis=-1)
    half_gone = _ratio(below.astype(np.float64), filled.astype(np.float64))
    around = domestic[..., :CORE]
    mirrored = np.maximum(around, np.roll(around, N_SECTORS // 2, axis=-1))
    vectors = loss.vectors
    return HalfCircle(
        loss=loss,
        completeness=_ratio(domestic.sum(axis=-1), reach.sum(axis=-1)),
        half_gone=half_gone,
        asymmetry_domestic=_ratio(
            np.hypot(vectors[..., 0], vectors[..., 1]), domestic[..., :CORE].sum(axis=-1)
        ),
        asymmetry_open=_ratio(
            np.hypot(vectors[..., 2], vectors[..., 3]), reach[..., :CORE].sum(axis=-1)
        ),
        mirror=mirrored.sum(axis=-1) + domestic[..., CORE],
        mirror_line=loss.mirror_line,
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0.0, part / whole, np.nan)


def _bracket(reach: Floats, mirror: Floats) -> npt.NDArray[np.object_]:
    """Open beside mirrored reach: richer, poorer, alike, or blank where either is not known."""
    out = np.full(reach.shape, "", dtype=object)
    known = np.isfinite(reach) & np.isfinite(mirror)
    slack = SAME * np.maximum(np.nan_to_num(reach), np.nan_to_num(mirror))
    with np.errstate(invalid="ignore"):
        out[known] = "alike"
        out[known & (reach > mirror + slack)] = "richer"
        out[known & (reach < mirror - slack)] = "poorer"
    return out
