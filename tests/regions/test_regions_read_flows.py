"""Reading flows: long tables and matrices as users have them, hostile ones included."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from halfcircle.errors import FlowError
from halfcircle.regions import flows_from_table, read_flow_matrix, read_flows


def written(tmp_path, text, name="flows.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_long_table_with_groups_unknown_and_leading_zeros(tmp_path):
    path = written(
        tmp_path,
        "origin,destination,workers,level\n"
        "0363,0363,100,low\n0363,0014,*,low\n0014,0014,50,high\n0014,0363,,high\n",
    )
    flows = read_flows(path, group="level", year=2021, source="Statistics")
    assert flows.zone_id.tolist() == ["0014", "0363"]
    assert flows.groups == ("high", "low")
    assert flows.matrix("low")[1, 1] == 100
    assert flows.n_unknown == 2
    assert "2 times" in str(flows.notices[0])
    assert flows.year == 2021


@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz", "f.parquet"])
def test_forms_of_a_file(tmp_path, name):
    frame = pd.DataFrame({"origin": ["a", "b"], "destination": ["b", "b"], "workers": [3, 4]})
    path = tmp_path / name
    if name.endswith("parquet"):
        frame.to_parquet(path)
    elif name.endswith("gz"):
        path.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    else:
        path.write_text("\ufeff" + frame.to_csv(index=False, sep=";"), encoding="utf-8")
    assert read_flows(path).matrix().toarray().tolist() == [[0, 3], [0, 4]]


def test_every_fault_of_a_table_is_told(tmp_path):
    path = written(
        tmp_path,
        "origin,destination,workers\na,b,5\na,b,6\na,zz,1\nyy,a,1\nb,a,-3\nb,b,many\n,a,2\n",
    )
    with pytest.raises(FlowError, match="are no numbers: 'many ") as caught:
        read_flows(path, zone_id=["a", "b"])
    text = str(caught.value)
    assert "-3 (line 6)" in text
    assert "is empty: 'line 8'" in text
    path = written(tmp_path, "origin,destination,workers\na,b,5\na,b,6\na,zz,1\nyy,a,1\n")
    with pytest.raises(FlowError, match=r"a to b \(line 3\)") as caught:
        read_flows(path, zone_id=["a", "b"])
    text = str(caught.value)
    assert "zz (line 4)" in text
    assert "yy (line 5)" in text


def test_places_outside_are_counted_only_when_asked(tmp_path):
    path = written(tmp_path, "origin,destination,workers\na,a,5\na,DE,7\nb,BE,2\nb,b,1\nXX,a,4\n")
    flows = read_flows(path, zone_id=["a", "b"], abroad=["DE", "BE"], outside="abroad")
    assert flows.abroad_out.tolist() == [[7, 2]]
    assert flows.abroad_in.tolist() == [[4, 0]]
    assert "origin zones outside the study" in str(flows.notices[0])
    only = read_flows(
        written(tmp_path, "origin,destination,workers\na,a,5\na,DE,7\n"), abroad=["DE"]
    )
    assert only.abroad_in is None  # nobody counted who comes in
    assert only.zone_id.tolist() == ["a"]


def test_duplicates_can_be_added(tmp_path):
    path = written(tmp_path, "origin,destination,workers\na,b,5\na,b,6\nb,a,1\n")
    flows = read_flows(path, duplicates="add")
    assert flows.matrix()[0, 1] == 11
    assert "were added" in str(flows.notices[0])


def test_notices_on_fractions_empty_zones_and_parts(tmp_path):
    path = written(tmp_path, "origin,destination,workers\na,a,5.5\na,b,1\nb,a,2\nc,c,3\n")
    flows = read_flows(path, zone_id=["a", "b", "c", "d"])
    text = "\n".join(str(notice) for notice in flows.notices)
    assert "fractional" in text
    assert "no flows leave zones: 'd'" in text
    assert "3 parts that nothing connects: 'c', 'd'" in text


def test_columns_and_files_that_are_not_there(tmp_path):
    path = written(tmp_path, "origin,destination,wrkers\na,b,5\n")
    with pytest.raises(FlowError, match=r"no column: 'workers' - did you mean 'wrkers'\?"):
        read_flows(path)
    with pytest.raises(FlowError, match="file not found"):
        read_flows(tmp_path / "none.csv")
    with pytest.raises(FlowError, match="cannot be read"):
        read_flows(written(tmp_path, "", "empty.csv"))
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"no gzip")
    with pytest.raises(FlowError, match="cannot be read"):
        read_flows(broken)
    with pytest.raises(FlowError, match="holds no flows"):
        read_flows(written(tmp_path, "origin,destination,workers\n"))


def test_square_matrix(tmp_path):
    path = written(tmp_path, "home,b,a,c\na,2,8,\nb,5,1,0\nc,0,0,3\n")
    flows = read_flow_matrix(path)
    assert flows.zone_id.tolist() == ["a", "b", "c"]
    assert flows.matrix().toarray().tolist() == [[8, 2, 0], [1, 5, 0], [0, 0, 3]]
    assert flows.unknown_pairs().toarray()[0].tolist() == [False, False, True]
    turned = read_flow_matrix(path, zone_id=["c", "b", "a"])
    assert turned.matrix()[2, 1] == 2


def test_matrices_that_are_not_square(tmp_path):
    path = written(tmp_path, "home,a,b,c\na,8,2,1\nd,1,5,0\n")
    with pytest.raises(FlowError, match="not square: 2 rows, 3 columns") as caught:
        read_flow_matrix(path)
    assert "only the rows of flows.csv have: 'd'" in str(caught.value)
    assert "only the columns of flows.csv have: 'b', 'c'" in str(caught.value)
    path = written(tmp_path, "home,a,b\na,8,2\nb,1,-5\n")
    with pytest.raises(FlowError, match="negative"):
        read_flow_matrix(path)
    with pytest.raises(FlowError, match="no row for zones: 'z'"):
        read_flow_matrix(written(tmp_path, "home,a\na,8\n"), zone_id=["a", "z"])


def test_text_in_a_column_of_numbers_from_a_spreadsheet():
    frame = pd.DataFrame({"origin": [1.0, 2.0], "destination": [2, 2], "workers": [np.nan, 3]})
    flows = flows_from_table(frame)
    assert flows.zone_id.tolist() == ["1", "2"]
    assert flows.n_unknown == 1


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_encodings_of_spreadsheets(tmp_path, encoding):
    path = tmp_path / "f.csv"
    path.write_bytes("origin;destination;workers\nDé;Dé;3,5\n".encode(encoding))
    flows = read_flows(path)
    assert flows.zone_id.tolist() == ["Dé"]
    assert flows.matrix()[0, 0] == 3.5
