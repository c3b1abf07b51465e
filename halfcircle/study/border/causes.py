"""Why reach is lost: crossings against domestic pairs, and each kind of barrier."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.transit_times import TransitTimes
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import Fault, StudyError, ZoneError
from halfcircle.regions.border import BorderMeasures, compare_crossings, loss_causes
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.progress import Progress
from halfcircle.study.reach.border_rules import border_rules
from halfcircle.study.reach.compute import study_decay
from halfcircle.study.settings.config import ReachConfig, Study

__all__ = ["Causes", "compute_causes"]


@dataclass(frozen=True, eq=False)
class Causes:
    """Parts of the loss, and what transport loss rests on.

    Parameters
    ----------
    table : DataFrame, optional
        ``border_causes.parquet``.
    pairs : DataFrame, optional
        ``border_pairs.parquet``.
    notices : tuple of Fault
    """

    table: pd.DataFrame | None
    pairs: pd.DataFrame | None
    notices: tuple[Fault, ...] = ()


def compute_causes(
    study: Study,
    inputs: Inputs,
    modes: Modes,
    people: npt.NDArray[np.float64],
    store: BlockStore,
    *,
    progress: Progress,
) -> Causes:
    """Causes of the loss in the baseline, for the modes that the study names.

    Travel times are searched again: once for pairs of places, once for their parts in the loss.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    modes : Modes
    people : array of float64, shape (n_zones,)
        Size of places.
    store : BlockStore
        Modes that are finished are read from it.
    progress : Progress

    Returns
    -------
    Causes
    """
    border, reach = study.border, study.reach
    if border is None or reach is None:
        return Causes(None, None)
    tables: dict[str, list[pd.DataFrame]] = {"causes": [], "pairs": []}
    notices: list[Fault] = []
    for mode in border.causes:
        with progress.stage(f"causes of loss by {mode}"):
            name = f"causes-{mode.replace('+', '-')}"
            build = partial(_one_mode, study, inputs, reach, modes.sources[mode], people)
            found = store.tables(name, build)
        for kind, table in found.items():
            if len(table):
                tables[kind].append(table)
        if not len(found["causes"]):
            notices.append(
                Fault(
                    "[border] causes",
                    f"by {mode} there are no pairs of places to compare crossings with",
                    severity="warning",
                )
            )
    joined = {kind: pd.concat(parts, ignore_index=True) for kind, parts in tables.items() if parts}
    return Causes(joined.get("causes"), joined.get("pairs"), tuple(notices))


def _one_mode(
    study: Study,
    inputs: Inputs,
    reach: ReachConfig,
    source: TravelTimeSource,
    people: npt.NDArray[np.float64],
) -> dict[str, pd.DataFrame]:
    border, country = study.border, inputs.zones.places.country
    if border is None or country is None:
        raise StudyError("[border] causes: needs the side of each zone")
    middle = source.percentiles.index(50) if 50 in source.percentiles else 0
    decay = study_decay(reach, source.mode)
    measures = BorderMeasures(
        tuple(60.0 * band for band in reach.bands_min), () if decay is None else (decay,)
    )
    try:
        details = source.service if isinstance(source, TransitTimes) else None
        paces = compare_crossings(source, people, details=details, percentile_idx=middle)
        parts = loss_causes(
            source,
            [o for o in inputs.opportunities if o.name in border.opportunities],
            measures=measures,
            rules=border_rules(border, sorted(set(country))),
            paces=paces,
            size=people,
            match=inputs.skills if border.skills is not None and border.skills.causes else None,
            percentile_idx=middle,
        )
    except ZoneError:  # no domestic pairs within any class of distance
        return {"causes": pd.DataFrame(), "pairs": pd.DataFrame()}
    return {
        "causes": parts.table(),
        "pairs": paces.table.assign(mode=source.mode, scenario="baseline"),
    }
