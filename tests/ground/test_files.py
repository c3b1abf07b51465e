"""Files appear whole or not at all."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from halfcircle._files import replacing, sha256_of, write_text
from halfcircle.errors import OutputError


def test_a_failure_halfway_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = write_text(tmp_path / "a.csv", "old")

    def stop_halfway():
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        stop_halfway()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_the_folder_is_made_and_line_ends_are_kept(tmp_path):
    path = write_text(tmp_path / "deep" / "er" / "a.csv", "a\r\nb\n", encoding="utf-8-sig")
    assert path.read_bytes() == b"\xef\xbb\xbfa\r\nb\n"


def test_the_temporary_file_keeps_the_suffix_for_writers_that_look_at_it(tmp_path):
    with replacing(tmp_path / "a.gpkg") as temporary:
        assert temporary.suffix == ".gpkg"
        assert temporary.parent == tmp_path
        temporary.write_bytes(b"x")
    assert (tmp_path / "a.gpkg").read_bytes() == b"x"


def test_a_path_through_a_file_is_one_clear_message(tmp_path):
    write_text(tmp_path / "file", "")
    with pytest.raises(OutputError, match=r"file.a\.csv: cannot be written"):
        write_text(tmp_path / "file" / "a.csv", "")


def test_writers_at_the_same_time_leave_one_whole_file(tmp_path):
    path = tmp_path / "a.txt"
    texts = [str(i) * 100_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_text(path, text), texts))
    assert path.read_text() in texts
    assert len(list(tmp_path.iterdir())) == 1


def test_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3_000_000)
    assert sha256_of(path) == hashlib.sha256(b"x" * 3_000_000).hexdigest()
