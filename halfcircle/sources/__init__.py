"""Open data for a study: from the name of a place to files with a lock.

`new_study` writes a study file whose table ``[fetch]`` names downloads; `fetch_study` downloads
them into a cache shared between studies, makes the files of the study, and writes ``study.lock``;
`check_lock` tells, before a run, whether the files are those of the lock.
"""

from halfcircle.sources.adapters import ADAPTERS
from halfcircle.sources.dasymetric import Spread, share_out, spread_counts
from halfcircle.sources.fetch import fetch_study
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.lock import Lock, LockedDownload, LockedFile, check_lock
from halfcircle.sources.new import new_study
from halfcircle.sources.request import Policy, Step
from halfcircle.sources.store import default_cache
from halfcircle.sources.vintages import match_vintages

__all__ = [
    "ADAPTERS",
    "Hosts",
    "Lock",
    "LockedDownload",
    "LockedFile",
    "Policy",
    "Spread",
    "Step",
    "check_lock",
    "default_cache",
    "fetch_study",
    "match_vintages",
    "new_study",
    "share_out",
    "spread_counts",
]
