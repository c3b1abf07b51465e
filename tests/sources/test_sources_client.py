"""Downloads against a host that redirects, cuts, refuses, lies and dawdles."""

from __future__ import annotations

import email.utils
import hashlib
import io
import threading
import time
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from local_web import Call, Web, drip

from halfcircle.errors import SourceError
from halfcircle.sources.client import Client
from halfcircle.sources.request import Policy, Request, Step

MakeClient = Callable[..., Client]
CONTENT = bytes(range(256)) * 1200


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def range_start(call: Call) -> int:
    return int(call.headers["range"].removeprefix("bytes=").removesuffix("-"))


def nothing_half(tmp_path: Path) -> bool:
    return not list((tmp_path / "cache" / "objects").rglob("*.*"))


def test_a_file_comes_once_and_is_known_by_its_hash(web: Web, make_client: MakeClient) -> None:
    web.files["/a.bin"] = CONTENT
    steps: list[Step] = []
    client = make_client(on_progress=steps.append)
    found = client.get(Request(web.at("/a.bin"), licence="CC0", vintage="2024"))
    assert found.path.read_bytes() == CONTENT
    assert found.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert found.size == len(CONTENT)
    assert (found.licence, found.vintage) == ("CC0", "2024")
    assert steps[-1] == Step(web.at("/a.bin"), len(CONTENT), len(CONTENT))
    assert client.get(Request(web.at("/a.bin"))).path == found.path
    assert web.count("/a.bin") == 1


def test_what_did_not_change_is_not_sent_again(web: Web, make_client: MakeClient) -> None:
    web.files["/a.bin"] = CONTENT
    first = make_client().get(Request(web.at("/a.bin")))
    second = make_client().get(Request(web.at("/a.bin")))
    assert web.calls[1].headers["if-none-match"]
    assert second == first
    web.files["/a.bin"] = b"new"
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == b"new"


def test_if_modified_since_where_there_is_no_etag(web: Web, make_client: MakeClient) -> None:
    stamp = "Tue, 12 May 2026 07:00:00 GMT"

    def answer(call: Call) -> None:
        if call.headers.get("if-modified-since") == stamp:
            call.send(304)
        else:
            call.send(200, CONTENT, Last_Modified=stamp)

    web.handlers["/a.bin"] = answer
    first = make_client().get(Request(web.at("/a.bin")))
    assert make_client().get(Request(web.at("/a.bin"))) == first
    assert web.count("/a.bin") == 2


def test_redirects_are_followed_and_the_last_address_is_noted(
    web: Web, make_client: MakeClient
) -> None:
    web.handlers["/latest.bin"] = lambda call: call.send(302, Location="/2026-05-12.bin?sig=1")
    web.files["/2026-05-12.bin"] = CONTENT
    found = make_client().get(Request(web.at("/latest.bin")))
    assert found.path.read_bytes() == CONTENT
    assert found.url == web.at("/latest.bin")
    assert found.resolved == web.at("/2026-05-12.bin")


def test_redirects_without_end_stop(web: Web, make_client: MakeClient) -> None:
    web.handlers["/round"] = lambda call: call.send(302, Location="/round")
    with pytest.raises(SourceError, match=r"/round: redirects more than 10 times"):
        make_client().get(Request(web.at("/round")))


def test_redirects_to_other_protocols_are_not_followed(web: Web, make_client: MakeClient) -> None:
    web.handlers["/file"] = lambda call: call.send(302, Location="file:///etc/passwd")
    with pytest.raises(SourceError, match="redirects to file:, which is not followed"):
        make_client().get(Request(web.at("/file")))


def test_a_cut_connection_goes_on_where_it_stopped(web: Web, make_client: MakeClient) -> None:
    half = len(CONTENT) // 2
    web.handlers["/a.bin"] = lambda call: call.file(
        CONTENT, stop_at=half if call.nth == 1 else None
    )
    found = make_client().get(Request(web.at("/a.bin")))
    assert found.path.read_bytes() == CONTENT
    assert found.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert 0 < range_start(web.calls[1]) <= half
    assert web.calls[1].headers["if-range"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'


def test_a_cut_connection_goes_on_in_another_process(web: Web, make_client: MakeClient) -> None:
    half = len(CONTENT) // 2
    web.handlers["/a.bin"] = lambda call: call.file(CONTENT, stop_at=half)
    impatient = Policy(read_s=0.3, attempts=1)
    with pytest.raises(SourceError, match=r"/a.bin: the connection was cut.*what has come is kept"):
        make_client(policy=impatient).get(Request(web.at("/a.bin")))
    web.handlers.clear()
    web.files["/a.bin"] = CONTENT
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == CONTENT
    assert 0 < range_start(web.calls[-1]) <= half


def test_a_file_that_changed_in_between_begins_again(web: Web, make_client: MakeClient) -> None:
    newer = CONTENT[::-1]
    web.handlers["/a.bin"] = lambda call: call.file(
        CONTENT if call.nth == 1 else newer, stop_at=1000 if call.nth == 1 else None
    )
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == newer


def test_without_validators_nothing_is_pasted_together(web: Web, make_client: MakeClient) -> None:
    web.handlers["/a.bin"] = lambda call: call.file(
        CONTENT, stop_at=1000 if call.nth == 1 else None, etag=False
    )
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == CONTENT
    assert "range" not in web.calls[1].headers


def test_a_wrong_range_is_not_pasted(web: Web, make_client: MakeClient) -> None:
    def answer(call: Call) -> None:
        if "range" in call.headers:
            call.send(206, b"xyz", Content_Range=f"bytes 5-7/{len(CONTENT)}", ETag='"a"')
        elif call.nth == 1:
            call.http.send_response(200)
            call.http.send_header("Content-Length", str(len(CONTENT)))
            call.http.send_header("ETag", '"a"')
            call.http.end_headers()
            call.http.wfile.write(CONTENT[:1000])
            call.http.close_connection = True
        else:
            call.send(200, CONTENT, ETag='"a"')

    web.handlers["/a.bin"] = answer
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_host_is_asked_again_after_the_time_it_names(
    web: Web, make_client: MakeClient, status: int
) -> None:
    def answer(call: Call) -> None:
        if call.nth == 1:
            call.send(status, Retry_After="2")
        elif call.nth == 2:
            then = email.utils.formatdate(time.time() + 4, usegmt=True)
            call.send(status, Retry_After=then)
        else:
            call.send(200, CONTENT)

    web.handlers["/a.bin"] = answer
    waits: list[float] = []
    assert make_client(sleep=waits.append).get(Request(web.at("/a.bin"))).size == len(CONTENT)
    assert waits[0] == 2.0
    assert 2.0 < waits[1] <= 4.0


def test_waits_double(web: Web, make_client: MakeClient) -> None:
    web.handlers["/a.bin"] = lambda call: call.send(503)
    waits: list[float] = []
    policy = Policy(attempts=5, first_wait_s=1.0, longest_wait_s=5.0)
    with pytest.raises(SourceError, match=r"/a.bin: is busy \(503\), 5 times in a row"):
        make_client(policy=policy, sleep=waits.append).get(Request(web.at("/a.bin")))
    assert waits == [1.0, 2.0, 4.0, 5.0]


def test_a_host_that_asks_for_too_much_patience_is_reported(
    web: Web, make_client: MakeClient
) -> None:
    web.handlers["/a.bin"] = lambda call: call.send(429, Retry_After="3600")
    with pytest.raises(SourceError, match=r"slow down \(429\) and to come back in 3,600 s"):
        make_client().get(Request(web.at("/a.bin")))
    assert web.count("/a.bin") == 1


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, r"refuses access \(401\) - the key may be missing"),
        (403, r"refuses access \(403\).*licence must be accepted"),
        (404, r"has no such file \(404\) - look up the present address"),
        (410, r"no longer has this file \(410\)"),
        (418, r"answers with status 418"),
    ],
)
def test_a_refusal_is_one_message(
    web: Web, make_client: MakeClient, status: int, text: str
) -> None:
    web.handlers["/a.bin"] = lambda call: call.send(status)
    with pytest.raises(SourceError, match=text) as caught:
        make_client().get(Request(web.at("/a.bin")))
    assert "\n" not in str(caught.value)
    assert web.count("/a.bin") == 1


def test_a_web_page_is_no_zip_file(web: Web, make_client: MakeClient, tmp_path: Path) -> None:
    web.files["/a.zip"] = b"  <!DOCTYPE html><html><title>Accept our terms</title></html>"
    with pytest.raises(SourceError, match=r"sent a web page instead of a zip file.*licence"):
        make_client().get(Request(web.at("/a.zip"), "zip"))
    assert nothing_half(tmp_path)
    assert web.count("/a.zip") == 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("zip", b"no zip at all"),
        ("zip", zipped(a=b"x" * 5000)[:2000]),
        ("pbf", b"\x00\x00\x00\x0dnonsense"),
        ("json", b"error: too many requests"),
        ("tiff", b"GIF89a"),
        ("gpkg", zipped(a=b"x")),
        ("osm", b"<?xml version='1.0'?><remark>timeout</remark>"),
        ("csv", b"\x00\x01\x02"),
        ("csv", b""),
    ],
)
def test_each_kind_is_known_by_its_first_bytes(
    web: Web, make_client: MakeClient, tmp_path: Path, kind: str, content: bytes
) -> None:
    web.files["/a"] = content
    with pytest.raises(SourceError, match=r"/a: sent "):
        make_client().get(Request(web.at("/a"), kind))
    assert nothing_half(tmp_path)


def test_a_checksum_that_is_wrong_once_is_tried_again(web: Web, make_client: MakeClient) -> None:
    web.handlers["/a.bin"] = lambda call: call.send(200, b"bad" if call.nth == 1 else CONTENT)
    web.files["/a.bin.md5"] = f"{hashlib.md5(CONTENT).hexdigest()}  a.bin\n".encode()
    found = make_client().get(Request(web.at("/a.bin"), md5_url=web.at("/a.bin.md5")))
    assert found.path.read_bytes() == CONTENT


def test_a_checksum_that_stays_wrong_is_an_error(
    web: Web, make_client: MakeClient, tmp_path: Path
) -> None:
    web.files["/a.bin"] = CONTENT
    web.files["/a.bin.md5"] = b"0" * 32 + b"  a.bin\n"
    with pytest.raises(SourceError, match=r"checksum is wrong twice"):
        make_client().get(Request(web.at("/a.bin"), md5_url=web.at("/a.bin.md5")))
    assert nothing_half(tmp_path)
    assert web.count("/a.bin") == 2


def test_ten_gigabytes_are_refused_before_they_come(web: Web, make_client: MakeClient) -> None:
    def answer(call: Call) -> None:
        call.http.send_response(200)
        call.http.send_header("Content-Length", str(10 * 10**9))
        call.http.end_headers()
        call.http.close_connection = True

    web.handlers["/big.zip"] = answer
    with pytest.raises(SourceError, match="is 10,000,000,000 bytes large, more than the limit"):
        make_client().get(Request(web.at("/big.zip"), "zip", max_bytes=10**9))
    assert web.count("/big.zip") == 1


def test_a_disk_that_is_full_is_told_before(
    web: Web, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files["/a.bin"] = CONTENT
    client = make_client()
    monkeypatch.setattr(client._transfer, "room", lambda: 1000)
    with pytest.raises(SourceError, match=r"needs 307,200 bytes.*1,000 free.*HALFCIRCLE_CACHE"):
        client.get(Request(web.at("/a.bin")))


def test_a_file_that_never_ends_is_cut_off(web: Web, make_client: MakeClient) -> None:
    def answer(call: Call) -> None:
        call.http.send_response(200)
        call.http.send_header("Transfer-Encoding", "chunked")
        call.http.end_headers()
        block = b"x" * 65536
        while True:
            call.http.wfile.write(b"10000\r\n" + block + b"\r\n")

    web.handlers["/endless"] = answer
    with pytest.raises(SourceError, match="sends more than the limit of 1,000,000 bytes"):
        make_client().get(Request(web.at("/endless"), max_bytes=10**6))


def test_a_slow_host_is_given_up_after_some_attempts(web: Web, make_client: MakeClient) -> None:
    web.handlers["/slow"] = lambda call: drip(call, CONTENT, 0.6)
    with pytest.raises(SourceError, match=r"/slow: no answer in time, 3 times in a row"):
        make_client().get(Request(web.at("/slow")))
    assert web.count("/slow") == 3


def test_a_host_that_is_slow_once_is_waited_for(web: Web, make_client: MakeClient) -> None:
    web.handlers["/slow"] = lambda call: (
        drip(call, CONTENT, 0.5) if call.nth == 1 else call.file(CONTENT)
    )
    assert make_client().get(Request(web.at("/slow"))).size == len(CONTENT)


def test_a_trickle_counts_as_cut(web: Web, make_client: MakeClient) -> None:
    def answer(call: Call) -> None:
        call.http.send_response(200)
        call.http.send_header("Content-Length", "1000")
        call.http.end_headers()
        for _ in range(20):
            call.http.wfile.write(b"x")
            call.http.wfile.flush()
            time.sleep(0.05)

    web.handlers["/trickle"] = answer
    policy = Policy(read_s=0.5, attempts=1, slowest_bytes_s=1000.0, patience_s=0.2)
    with pytest.raises(SourceError, match="all but standing still"):
        make_client(policy=policy).get(Request(web.at("/trickle")))


def test_a_host_that_is_down_is_named(web: Web, make_client: MakeClient) -> None:
    web.stop()
    with pytest.raises(SourceError, match=r"/a.bin: the host refuses the connection, 3 times"):
        make_client().get(Request(web.at("/a.bin")))


def test_a_stop_keeps_what_has_come(web: Web, make_client: MakeClient) -> None:
    web.files["/a.bin"] = CONTENT * 10
    stopped: list[Client] = []
    client = make_client(on_progress=lambda step: stopped[0].stop())
    stopped.append(client)
    with pytest.raises(SourceError, match=r"/a.bin: stopped; what has come is kept"):
        client.get(Request(web.at("/a.bin")))
    with pytest.raises(SourceError, match=r"/b.bin: stopped"):
        client.get(Request(web.at("/b.bin")))
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == CONTENT * 10
    assert range_start(web.calls[-1]) > 0
    assert web.count("/b.bin") == 0


def test_a_stop_ends_waiting(web: Web, make_client: MakeClient) -> None:
    web.handlers["/a.bin"] = lambda call: call.send(503, Retry_After="60")
    client = make_client(sleep=None, policy=Policy(attempts=3))
    threading.Timer(0.2, client.stop).start()
    began = time.monotonic()
    with pytest.raises(SourceError, match="stopped"):
        client.get(Request(web.at("/a.bin")))
    assert time.monotonic() - began < 20.0


def test_all_that_fail_are_told_at_once(web: Web, make_client: MakeClient) -> None:
    web.files["/good"] = CONTENT
    requests = [Request(web.at(path)) for path in ("/x", "/good", "/y")]
    with pytest.raises(SourceError) as caught:
        make_client().get_all(requests)
    assert [fault.where.rsplit("/", 1)[1] for fault in caught.value.faults] == ["x", "y"]


def test_one_request_per_host_at_a_time(web: Web, make_client: MakeClient) -> None:
    spans: list[tuple[float, float]] = []

    def answer(call: Call) -> None:
        began = time.monotonic()
        time.sleep(0.05)
        spans.append((began, time.monotonic()))
        call.send(200, call.path.encode())

    for i in range(4):
        web.handlers[f"/{i}"] = answer
    found = make_client().get_all([Request(web.at(f"/{i}")) for i in range(4)])
    assert [f.path.read_bytes() for f in found] == [b"/0", b"/1", b"/2", b"/3"]
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))


def test_two_clients_on_one_address_download_it_one_after_the_other(
    web: Web, make_client: MakeClient
) -> None:
    spans: list[tuple[float, float]] = []

    def answer(call: Call) -> None:
        began = time.monotonic()
        time.sleep(0.1)
        spans.append((began, time.monotonic()))
        call.file(CONTENT)

    web.handlers["/a.bin"] = answer
    patient = Policy(read_s=10.0)
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(make_client(policy=patient).get(Request(web.at("/a.bin"))))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [f.path.read_bytes() == CONTENT for f in found] == [True, True]
    assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))


def test_offline_takes_the_cache_and_nothing_else(web: Web, make_client: MakeClient) -> None:
    web.files["/a.bin"] = CONTENT
    make_client().get(Request(web.at("/a.bin")))
    web.stop()
    assert make_client(offline=True).get(Request(web.at("/a.bin"))).path.read_bytes() == CONTENT
    with pytest.raises(SourceError, match=r"/b.bin: is not in the cache.*without --offline"):
        make_client(offline=True).get(Request(web.at("/b.bin")))


def test_a_lock_holds_against_a_newer_file(
    web: Web, make_client: MakeClient, tmp_path: Path
) -> None:
    web.files["/a.bin"] = CONTENT
    request = Request(web.at("/a.bin"))
    old = make_client().get(request)
    web.files["/a.bin"] = b"newer"
    assert make_client(locked={request.key: old}).get(request) == old
    old.path.unlink()
    with pytest.raises(SourceError, match=r"is not what the lock names.*fetch --update"):
        make_client(locked={request.key: old}).get(request)
    web.files["/a.bin"] = CONTENT
    assert make_client(locked={request.key: old}).get(request) == old


def test_a_damaged_file_in_the_cache_is_fetched_again(web: Web, make_client: MakeClient) -> None:
    web.files["/a.bin"] = CONTENT
    found = make_client().get(Request(web.at("/a.bin")))
    found.path.write_bytes(b"damaged")
    assert make_client().get(Request(web.at("/a.bin"))).path.read_bytes() == CONTENT


def test_keys_come_from_the_environment_and_stay_out_of_the_cache(
    web: Web, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    web.files["/a.bin"] = CONTENT
    request = Request(
        web.at("/a.bin?api_key=${HALFCIRCLE_TEST_KEY}"),
        headers={"Subscription-Key": "${HALFCIRCLE_TEST_KEY}"},
    )
    with pytest.raises(
        SourceError, match=r"access key in an environment.*'HALFCIRCLE_TEST_KEY' - .*export"
    ):
        make_client().get(request)
    monkeypatch.setenv("HALFCIRCLE_TEST_KEY", "s3cret")
    found = make_client().get(request)
    assert web.calls[0].path == "/a.bin?api_key=s3cret"
    assert web.calls[0].headers["subscription-key"] == "s3cret"
    assert "s3cret" not in repr(found)
    for path in (tmp_path / "cache").rglob("*"):
        assert "s3cret" not in path.name
        if path.is_file():
            assert b"s3cret" not in path.read_bytes()


def test_keys_stay_out_of_messages(
    web: Web, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALFCIRCLE_TEST_KEY", "s3cret")
    with pytest.raises(SourceError) as caught:
        make_client().get(Request(web.at("/gone?api_key=${HALFCIRCLE_TEST_KEY}")))
    assert "s3cret" not in str(caught.value)
    web.stop()
    with pytest.raises(SourceError) as caught:
        make_client().get(Request(web.at("/gone?api_key=${HALFCIRCLE_TEST_KEY}")))
    assert "s3cret" not in str(caught.value)


def test_keys_do_not_follow_a_redirect_to_another_host(
    web: Web, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALFCIRCLE_TEST_KEY", "s3cret")
    other = web.url.replace("127.0.0.1", "localhost")
    web.handlers["/a"] = lambda call: call.send(302, Location=other + "/b")
    web.files["/b"] = CONTENT
    make_client().get(
        Request(web.at("/a"), headers={"X-Key": "${HALFCIRCLE_TEST_KEY}", "X-Other": "1"})
    )
    assert web.calls[0].headers["x-key"] == "s3cret"
    assert "x-key" not in web.calls[1].headers
    assert web.calls[1].headers["x-other"] == "1"


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: Request("https://user:word@example.org/a"),
        lambda: Request("https://example.org/a?api_key=abc"),
        lambda: Request("https://example.org/a", headers={"Ocp-Apim-Subscription-Key": "abc"}),
        lambda: Request("https://example.org/a", headers={"Authorization": "Bearer abc"}),
    ],
)
def test_keys_in_a_study_are_refused(request_of: Callable[[], Request]) -> None:
    with pytest.raises(
        SourceError, match=r"holds an access key or password.*\$\{HALFCIRCLE_NAME\}"
    ) as caught:
        request_of()
    assert "abc" not in str(caught.value)
    assert "word@" not in str(caught.value)


def test_a_study_cannot_send_other_secrets_away() -> None:
    for make in (
        lambda: Request("https://example.org/a?x=${AWS_SECRET_ACCESS_KEY}"),
        lambda: Request("https://example.org/a", headers={"X": "${HOME}"}),
        lambda: Request("https://example.org/${HOME}"),
    ):
        with pytest.raises(SourceError, match="only take environment variables that begin with"):
            make()


@pytest.mark.parametrize("url", ["ftp://example.org/a", "file:///etc/passwd", "example.org", ""])
def test_only_web_addresses(url: str) -> None:
    with pytest.raises(SourceError, match="is no address that starts with https://"):
        Request(url)


def test_a_proxy_is_taken_from_the_environment(
    web: Web, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", web.url)
    web.files["http://data.example/a.bin"] = CONTENT
    assert make_client().get(Request("http://data.example/a.bin")).size == len(CONTENT)
    assert web.log == ["GET http://data.example/a.bin"]


def test_forms_are_posted(web: Web, make_client: MakeClient) -> None:
    web.handlers["/api"] = lambda call: call.send(200, call.body)
    found = make_client().get(Request(web.at("/api"), body="data=abc"))
    assert web.log == ["POST /api"]
    assert found.path.read_bytes() == b"data=abc"


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        SourceError, match=r"cache of downloads cannot be written.*HALFCIRCLE_CACHE"
    ):
        Client(tmp_path / "file")
