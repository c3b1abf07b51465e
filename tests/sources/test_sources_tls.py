"""Certificates: refused where nobody vouches for them, taken where the environment does."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_web import Web, serve

from halfcircle.errors import SourceError
from halfcircle.sources.client import Client
from halfcircle.sources.request import Request

MakeClient = Callable[..., Client]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not here to make a certificate")
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    command = [
        openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
        "-keyout", str(path.with_suffix(".key")), "-out", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture
def secure(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    for web in serve(tls=context):
        web.files["/a.bin"] = b"x"
        yield web


def test_a_certificate_of_nobody_is_refused(secure: Web, make_client: MakeClient) -> None:
    with pytest.raises(SourceError, match=r"certificate is not trusted.*REQUESTS_CA_BUNDLE"):
        make_client().get(Request(secure.at("/a.bin")))


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_come_from_the_environment(
    secure: Web,
    make_client: MakeClient,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, str(certificate))
    assert make_client().get(Request(secure.at("/a.bin"))).size == 1


def test_a_redirect_to_an_open_line_is_not_followed(
    secure: Web, web: Web, make_client: MakeClient, certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    web.files["/b.bin"] = b"y"
    secure.handlers["/b.bin"] = lambda call: call.send(302, Location=web.at("/b.bin"))
    with pytest.raises(SourceError, match="redirects from https to plain http"):
        make_client().get(Request(secure.at("/b.bin")))
    assert web.log == []
