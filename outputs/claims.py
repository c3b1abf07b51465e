"""Published figures held against a run: which hold, which differ, which it cannot test, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from halfcircle.outputs._assets import asset
from halfcircle.outputs.claim_tests import TESTS, Verdict
from halfcircle.outputs.published import Claim, published_claims
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.sheet_columns import SHEETS
from halfcircle.outputs.sheets import CsvStyle, write_frame
from halfcircle.outputs.texts import Texts, capital

__all__ = ["CLAIM_COLUMNS", "check_claims", "claims_section", "write_claims"]

CLAIM_COLUMNS = SHEETS["claims"].column_names
VERDICTS = {None: "not testable", True: "holds", False: "differs"}
YEARS = ("year", "vintage")
# Tests that find a share, whatever the unit of the claim.
FIND_SHARES = ("loss_order", "reach_rank")


def check_claims(
    result: RunResult, claims: Sequence[Claim] | None = None, *, language: str = "en"
) -> pd.DataFrame:
    """Hold published figures against a run.

    Parameters
    ----------
    result : RunResult
    claims : sequence of Claim, optional
        All stored ones where left out.
    language : {"en", "nl", "de"}
        Of the claims and of the reasons.

    Returns
    -------
    DataFrame
        Columns `CLAIM_COLUMNS`. The verdict is ``holds``, ``differs`` or ``not testable``; why
        says what a test rests on or lacks. A claim that cannot be tested is neither confirmed nor
        refuted.

    Raises
    ------
    OutputError
        The language is not known.
    """
    texts = Texts(language)
    words = _words(texts)
    rows = []
    for claim in published_claims() if claims is None else claims:
        found = Verdict(None, None, claim.why)
        if claim.test:
            found = TESTS[claim.test](result, claim)
        # A place that cannot be reached at all has no number of minutes.
        known = found.found is not None and np.isfinite(found.found)
        rows.append(
            (
                claim.claim_id,
                claim.text_in(language),
                claim.kind,
                claim.source,
                claim.vintage,
                np.nan if claim.value is None else float(claim.value),
                np.nan if claim.tolerance is None else claim.tolerance,
                claim.unit,
                found.found if known else np.nan,
                VERDICTS[found.holds],
                _told(found, texts, words),
            )
        )
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def write_claims(
    result: RunResult, path: Path, *, language: str = "en", style: CsvStyle = "point"
) -> Path | None:
    """Write the verdicts as CSV; None, and no file, if the run can test no claim at all.

    Parameters
    ----------
    result : RunResult
    path : Path
    language : {"en", "nl", "de"}
    style : {"point", "comma"}

    Returns
    -------
    Path or None

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    table = check_claims(result, language=language)
    if (table["verdict"] == "not testable").all():
        return None
    return write_frame(path, table, style=style)


def claims_section(result: RunResult, texts: Texts) -> dict[str, Any]:
    """What the report shows of the check: claims that can be tested, and folded the others.

    Parameters
    ----------
    result : RunResult
    texts : Texts

    Returns
    -------
    dict
    """
    words = _words(texts)
    table = check_claims(result, language=texts.language)
    shares = {c.claim_id for c in published_claims() if c.test in FIND_SHARES or c.unit == "share"}
    rows = [
        _row(row, texts, words, is_share=row["claim_id"] in shares)
        for row in table.to_dict("records")
    ]
    tested = [row for row in rows if row["verdict"] != "untested"]
    others = [row for row in rows if row["verdict"] == "untested"]
    n = texts.number(len(others))
    return {
        "words": words,
        "tested": tested,
        "others": others,
        "untested": words["untested"].format(n=n),
        "none": "" if tested else words["none"].format(n=n),
    }


def _words(texts: Texts) -> dict[str, str]:
    words: dict[str, str] = tomllib.loads(asset("texts", "claims.toml"))[texts.language]
    return words


def _told(verdict: Verdict, texts: Texts, words: Mapping[str, str]) -> str:
    """Why, with its fields written as people of the language write them."""
    filled = {}
    for name, value in verdict.fields.items():
        if isinstance(value, str):
            filled[name] = texts.mode(value) if name == "mode" else value
        elif name in YEARS:
            filled[name] = str(value)
        else:
            filled[name] = texts.share(value) if isinstance(value, float) else texts.number(value)
    return words[verdict.why].format(**filled) if verdict.why else ""


def _row(
    row: dict[Any, Any], texts: Texts, words: Mapping[str, str], *, is_share: bool
) -> dict[str, str]:
    verdict = {"holds": "holds", "differs": "differs"}.get(row["verdict"], "untested")
    missing = texts("report.missing_mark")
    numbers = {}
    for name in ("published", "found"):
        value = float(row[name])
        shown = missing
        if np.isfinite(value):
            shown = texts.share(value) if is_share else texts.count(value)
        numbers[name] = shown
    return {
        "claim": capital(row["claim"]),
        "source": words["source"].format(source=row["source"], year=row["vintage"]),
        **numbers,
        "verdict": verdict,
        "verdict_word": words[f"verdict_{verdict}"],
        "why": row["why"],
    }
