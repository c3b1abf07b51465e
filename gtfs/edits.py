"""Timetables of a scenario: edits found in the feeds, all faults at once, applied to copies.

>>> edit_feeds(feeds, [AddLine(label="Lelylijn", stops=...)])         # doctest: +SKIP

Edits are applied in their order, each to what those before it left. A station or line that an
edit puts in can be named by later ones. The feeds that were read are never changed; a feed that no
edit touches is returned as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FeedError, ScenarioError
from halfcircle.gtfs.edits_draft import FeedDraft
from halfcircle.gtfs.edits_find import Finder
from halfcircle.gtfs.edits_headways import set_headway
from halfcircle.gtfs.edits_lines import add_line, demand_responsive, extend
from halfcircle.gtfs.edits_trips import (
    add_stop,
    close_station,
    remove_service,
    reroute,
    retime,
    set_transfer,
    skip_stop,
    speed_up,
)
from halfcircle.gtfs.edits_types import (
    AddLine,
    AddStop,
    CloseStation,
    DemandResponsive,
    Extend,
    RemoveService,
    Reroute,
    Retime,
    SetHeadway,
    SetTransfer,
    SkipStop,
    SpeedUp,
    TransitEdit,
)
from halfcircle.gtfs.edits_work import Claims, Work
from halfcircle.gtfs.feed import Feed

__all__ = ["EditedFeeds", "edit_feeds"]


@dataclass(frozen=True, eq=False)
class EditedFeeds:
    """Feeds of a scenario.

    Parameters
    ----------
    feeds : tuple of Feed
        In the order of those given; a feed without changes is the very same.
    notices : tuple of Fault
        What the edits did beside what was asked for.
    """

    feeds: tuple[Feed, ...]
    notices: tuple[Fault, ...] = ()


def edit_feeds(feeds: Sequence[Feed], edits: Sequence[TransitEdit]) -> EditedFeeds:
    """Apply edits to copies of feeds.

    Parameters
    ----------
    feeds : sequence of Feed
    edits : sequence of TransitEdit
        In the order in which they are made.

    Returns
    -------
    EditedFeeds

    Raises
    ------
    ScenarioError
        Everything that is wrong with the edits, at once: stations or lines that are not there,
        running times that no vehicle can keep, edits in conflict, edits that change nothing.
    """
    faults = Faults()
    other_clock = [feed.feed_id for feed in feeds if feed.clock == "stop"]
    if other_clock:
        faults.add("feeds", "times on the clock of the stop cannot be edited", values=other_clock)
    faults.raise_errors(ScenarioError)
    drafts = [FeedDraft(feed) for feed in feeds]
    finder = Finder(drafts, faults)
    claims: Claims = {}
    for edit in edits:
        work = Work(edit, finder, claims)
        n_faults = len(faults.errors)
        _apply(work, edit)
        work.finish()
        if not work.n_changes and len(faults.errors) == n_faults:
            faults.add(
                edit.where or edit.label,
                "the edit changes nothing",
                values=[edit.label],
                remedy="remove it, or name the line, station or period that is meant",
            )
    faults.raise_errors(ScenarioError)
    edited: list[Feed] = []
    for draft in drafts:
        try:
            edited.append(draft.feed())
        except FeedError as error:
            faults.add(
                f"feed {draft.source.feed_id}",
                f"is no feed any more after the edits ({error})".replace("\n", "; "),
            )
    faults.raise_errors(ScenarioError)
    return EditedFeeds(tuple(edited), faults.warnings)


def _apply(work: Work, edit: TransitEdit) -> None:
    steps: dict[type, Callable[..., None]] = {
        AddLine: add_line,
        AddStop: add_stop,
        CloseStation: close_station,
        DemandResponsive: demand_responsive,
        Extend: extend,
        RemoveService: remove_service,
        Reroute: reroute,
        Retime: retime,
        SetHeadway: set_headway,
        SetTransfer: set_transfer,
        SkipStop: skip_stop,
        SpeedUp: speed_up,
    }
    steps[type(edit)](work, edit)
