"""What an adapter is, and what it is given to do its work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from halfcircle.errors import SourceError
from halfcircle.sources.area import Area
from halfcircle.sources.client import Client, Download, read_json
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.request import Request

__all__ = ["Adapter", "Built", "Entry", "Job", "Parameter"]

Kind = Literal["text", "integer", "number", "texts", "map", "flag"]


@dataclass(frozen=True)
class Parameter:
    """A key that an adapter knows in ``[[fetch.files]]``.

    Parameters
    ----------
    kind : str
        Type of the value.
    text : str
        What it means.
    default : object
        Used where the key is left out.
    required : bool
    choices : tuple
        Allowed values; all are where it is empty.
    """

    kind: Kind
    text: str
    default: Any = None
    required: bool = False
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One ``[[fetch.files]]``: a file of the study, and where it comes from.

    Parameters
    ----------
    file : str
        Path in the folder of the study.
    source : str
        Name of the adapter.
    values : mapping of str to object
        Parameters of the adapter, defaults filled in.
    where : str
        For messages.
    licence, vintage : str
        Stated by the study; the adapter's own where empty.
    """

    file: str
    source: str
    values: Mapping[str, Any]
    where: str
    licence: str = ""
    vintage: str = ""


@dataclass(frozen=True)
class Built:
    """What an adapter made: how, and of which vintage."""

    method: str
    vintage: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Job:
    """One entry at work.

    Parameters
    ----------
    entry : Entry
    area : Area
    hosts : Hosts
    client : Client
    target : Path
        Where the adapter writes; moved into place when it is done.
    folder : Path
        Folder of the study, for adapters that read other files of it.
    scratch : Path
        Folder for what is unpacked on the way; thrown away.
    downloads : list of Download
        What was used; filled by `get`.
    inputs : list of str
        Other files of the study that were used.
    """

    entry: Entry
    area: Area
    hosts: Hosts
    client: Client
    target: Path
    folder: Path
    scratch: Path
    downloads: list[Download] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __getitem__(self, name: str) -> Any:
        return self.entry.values.get(name)

    def get(self, request: Request) -> Download:
        """Download, and note that it was used."""
        found = self.client.get(request)
        self._note(found)
        return found

    def get_all(self, requests: Sequence[Request]) -> list[Download]:
        """Several downloads, in order."""
        found = self.client.get_all(requests)
        for download in found:
            self._note(download)
        return found

    def json(self, request: Request) -> Any:
        """Download JSON."""
        return read_json(self.get(request))

    def study_file(self, name: str) -> Path:
        """Another file of the study that this one is made of."""
        path = self.folder / name
        if not path.is_file():
            raise SourceError(f"{self.entry.where}: {name} is not there, and is needed first")
        with self._guard:
            if name not in self.inputs:
                self.inputs.append(name)
        return path

    def fault(self, what: str, remedy: str = "") -> SourceError:
        """Error that names the entry."""
        return SourceError(f"{self.entry.where}: {what}" + (f" - {remedy}" if remedy else ""))

    def _note(self, download: Download) -> None:
        with self._guard:
            if all(known.key != download.key for known in self.downloads):
                self.downloads.append(download)


@dataclass(frozen=True)
class Adapter:
    """One source of open data.

    Parameters
    ----------
    name : str
        Value of ``source`` in ``[[fetch.files]]``.
    gives : str
        What it gives, in a few words.
    licence : str
        Of the data, where the study does not say otherwise.
    rhythm : str
        How often the publisher renews it.
    suffixes : tuple of str
        Endings that the target may have.
    parameters : mapping of str to Parameter
    build : callable
        Makes the file.
    needs_files : tuple of str
        Parameters that name other files of the study: such entries come last.
    """

    name: str
    gives: str
    licence: str
    rhythm: str
    suffixes: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    build: Callable[[Job], Built]
    needs_files: tuple[str, ...] = ()
