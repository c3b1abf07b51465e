"""Tables of a scenario: rows that were computed, and for all others those of the baseline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Joiner"]


@dataclass(frozen=True, eq=False)
class Joiner:
    """What was computed of a scenario, and so what its tables take from where.

    Parameters
    ----------
    name : str
        Of the scenario.
    zone_id : array of str, shape (n_zones,)
    modes : collection of str
        That were computed.
    origins : mapping of str to array of int64
        By mode the origins that were computed; all where left out.
    """

    name: str
    zone_id: npt.NDArray[np.object_]
    modes: Collection[str]
    origins: Mapping[str, npt.NDArray[np.int64]]

    def table(
        self, baseline: pd.DataFrame, computed: pd.DataFrame | None, *, mode_column: str = "mode"
    ) -> pd.DataFrame:
        """The table of the scenario."""
        keep = np.ones(len(baseline), dtype=bool)
        mode_of = baseline[mode_column].to_numpy()
        for mode in self.modes:
            own = mode_of == mode
            if mode in self.origins:
                zones = set(self.zone_id[self.origins[mode]])
                own &= baseline["zone_id"].isin(zones).to_numpy()
            keep &= ~own
        table = baseline[keep]
        if computed is not None and len(computed):
            table = pd.concat([table, computed], ignore_index=True) if len(table) else computed
        return table.assign(scenario=self.name).reset_index(drop=True)

    def table_if(
        self,
        baseline: pd.DataFrame | None,
        computed: pd.DataFrame | None,
        *,
        only: Collection[str] | None = None,
        mode_column: str = "mode",
    ) -> pd.DataFrame | None:
        """The same for a table that only some studies have, and only some modes."""
        if baseline is None:
            return None
        modes = [m for m in self.modes if only is None or m in only]
        part = Joiner(self.name, self.zone_id, modes, self.origins)
        return part.table(baseline, computed, mode_column=mode_column)

    def reasons(self, baseline: pd.DataFrame, computed: pd.DataFrame) -> pd.DataFrame:
        """Zones without a connection: of those that were not computed nothing new is known."""
        keep = np.ones(len(computed), dtype=bool)
        for mode, origins in self.origins.items():
            other = ~computed["zone_id"].isin(set(self.zone_id[origins])).to_numpy()
            keep &= ~((computed["mode"] == mode).to_numpy() & other)
        return self.table(baseline, computed[keep])
