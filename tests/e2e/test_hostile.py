"""Strangers' hands on the running server: others' files, addresses inside the network, crowds, people who leave."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest

from app import text
from app.server.sweeping import sweep
from studies.abuse.visitors import FILE_TYPE, Refused, Visitor
from tdn.data.video import write_mp4
from tests.e2e.conftest import moving_square


@pytest.fixture(scope="module")
def http(app_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app_url, timeout=60) as client:
        yield client


@pytest.fixture
def visitor(app_url: str) -> Visitor:
    return Visitor(app_url)


@pytest.fixture
def cache(app_url: str) -> Path:
    """Where the server keeps uploads and results."""
    return Path(os.environ["GRADIO_TEMP_DIR"])


def refusal(visitor: Visitor, video: dict) -> str:
    with pytest.raises(Refused) as error:
        visitor.analyze(video)
    return str(error.value)


# Files


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "/proc/self/environ",
        "/proc/self/root/etc/passwd",
        "{cache}",
        "{cache}/",
        "{cache}/../../../../../../../../etc/passwd",
        "{cache}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "{cache}/..%252f..%252fetc/passwd",
        "{cache}/link-to-a-file",
        "{cache}/link-to-a-folder/passwd",
        "{cache}/link-to-weights",
        "....//....//etc/passwd",
        "..\\..\\etc\\passwd",
        "/etc/passwd%00.mp4",
        "ftp://127.0.0.1/a",
    ],
)
def test_no_path_leads_out_of_the_folder_of_uploads(http: httpx.Client, cache: Path, visitor: Visitor, path: str):
    links = {"link-to-a-file": "/etc/passwd", "link-to-a-folder": "/etc", "link-to-weights": None}
    for name, target in links.items():
        if not (cache / name).is_symlink():
            (cache / name).symlink_to(target or next(Path(os.environ["TDN_CHECKPOINTS"]).glob("*.safetensors")))
    path = path.replace("{cache}", str(cache))
    for address in (f"/gradio_api/file={path}", f"/gradio_api/file/{path}", f"/file={path}"):
        answer = http.get(address)
        assert answer.status_code in (400, 403, 404, 405) and "root:" not in answer.text
    said = refusal(visitor, {"path": path, "meta": FILE_TYPE})
    assert "root:" not in said and "\n" not in said


@pytest.mark.parametrize("folder", ["static", "assets", "gradio_api/static", "gradio_api/custom_component", "svelte"])
@pytest.mark.parametrize("climb", ["../../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd"])
def test_no_folder_of_the_page_leads_out_of_it(http: httpx.Client, folder: str, climb: str):
    # As raw bytes: the client would resolve the dots itself.
    host, port = http.base_url.host, http.base_url.port
    with socket.create_connection((host, port), timeout=60) as raw:
        raw.sendall(f"GET /{folder}/{climb} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b"root:" not in answer and int(answer.split()[1]) in (400, 403, 404, 405)


def test_an_upload_stays_in_its_folder_whatever_its_name(http: httpx.Client, cache: Path):
    for name in ("../../evil.mp4", "/tmp/evil.mp4", "..", "a/../../evil.mp4", "con\x7f.mp4"):
        answer = http.post("/gradio_api/upload", files={"files": (name, b"x")})
        if answer.status_code == 200:
            assert Path(answer.json()[0]).resolve().is_relative_to(cache.resolve())
            assert len(Path(answer.json()[0]).resolve().relative_to(cache.resolve()).parts) == 2


def test_the_folder_of_another_visitor_can_neither_be_listed_nor_guessed(
    http: httpx.Client, app_url: str, clips: Path, cache: Path
):
    other = Visitor(app_url)
    upload = Path(other.upload(clips / "clip.mp4")["path"])
    drawn = Path(other.analyze(other.upload(clips / "clip.mp4"))[2]["frames"]["path"])
    for path in (cache, upload.parent, drawn.parent, upload.parent / "*", drawn.parent / "."):
        assert http.get(f"/gradio_api/file={path}").status_code == 403
    # Names that can't be guessed: the content's SHA-256, which only its owner knows, or 128 random bits.
    assert len(upload.parent.name) == 64 and len(drawn.parent.name) == 32


def test_an_upload_after_its_time_is_gone_for_everyone_and_missed_in_one_sentence(
    http: httpx.Client, visitor: Visitor, tmp_path: Path, cache: Path
):
    write_mp4(tmp_path / "mine.mp4", moving_square(num_frames=9))
    video = visitor.upload(tmp_path / "mine.mp4")
    drawn = visitor.analyze(video)[2]["frames"]
    sweep(cache, keep_sec=-1)
    for file in (video, drawn):
        assert http.get(f"/gradio_api/file={file['path']}").status_code == 403
    assert "mine.mp4 was deleted from this server" in refusal(visitor, video)


def test_an_upload_that_breaks_off_is_swept_away(http: httpx.Client, cache: Path):
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
    with socket.create_connection((http.base_url.host, http.base_url.port), timeout=60) as raw:
        raw.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + head + bytes(300_000)
        )
    assert http.get("/config").status_code == 200
    sweep(cache, keep_sec=-1)
    assert [path.name for path in cache.iterdir() if not path.name.startswith("link")] == []


# Addresses


@pytest.fixture
def inside() -> Iterator[tuple[str, list]]:
    """An address inside the network, and who has called there."""
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, caller = server.accept()
                except OSError:
                    return
                calls.append(caller)
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", calls
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_nobody_makes_the_server_call_an_address(inside: tuple[str, list], visitor: Visitor, clips: Path):
    address, calls = inside
    video = visitor.upload(clips / "clip.mp4")
    assert visitor.analyze({**video, "url": f"http://{address}/a.mp4"})[0]["target"]
    for scheme in ("http://", "https://", "HTTP://", "http:/", "//", "rtmp://", "tcp://", "concat:http://"):
        link = f"{scheme}{address}/a.mp4"
        refusal(visitor, {"path": link, "meta": FILE_TYPE})
        refusal(visitor, {"path": link, "url": link, "meta": FILE_TYPE})
        with pytest.raises(Refused):
            visitor.compare("reverse", {"path": link, "meta": FILE_TYPE})
        for route in ("file=", "file/", "proxy=", "proxy/"):
            assert visitor.http.get(f"/gradio_api/{route}{link}").status_code in (400, 403, 404)
    assert calls == []


@pytest.mark.parametrize("ending", ["m3u8", "mp4", "ts"])
def test_a_playlist_makes_the_server_call_nobody(
    inside: tuple[str, list], visitor: Visitor, tmp_path: Path, ending: str
):
    address, calls = inside
    path = tmp_path / f"list.{ending}"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://{address}/a.ts\n#EXT-X-ENDLIST\n")
    assert "not a readable video" in refusal(visitor, visitor.upload(path))
    assert calls == []


# Crowds


@pytest.fixture(scope="module")
def different(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """32 clips that no two visitors share."""
    folder = tmp_path_factory.mktemp("different")
    for number in range(32):
        frames = np.roll(moving_square(num_frames=8 + number), 3 * number, axis=1)
        write_mp4(folder / f"{number:02}.mp4", frames, fps=12)
    return sorted(folder.iterdir())


@pytest.mark.long
def test_32_visitors_at_once_get_the_answers_they_get_alone(app_url: str, different: list[Path]):
    first = Visitor(app_url)
    alone = [first.analyze(first.upload(path)) for path in different]
    assert len({str(answer[0]) for answer in alone}) == 32
    visitors = [Visitor(app_url) for _ in different]
    together = threading.Barrier(len(different))

    def ask(visitor: Visitor, path: Path) -> list:
        video = visitor.upload(path)
        together.wait()
        return visitor.analyze(video)

    with ThreadPoolExecutor(len(different)) as pool:
        found = list(pool.map(ask, visitors, different))
    for one, other in zip(found, alone, strict=True):
        assert one[0] == other[0] and one[1] == other[1]
        assert [panel["values"] for panel in one[2]["panels"]] == [panel["values"] for panel in other[2]["panels"]]


def decoders() -> list[int]:
    """The decoding processes of this process."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            if b"tdn.data.decoding" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(int(pid))
    return found


def waiting(http: httpx.Client) -> int:
    return http.get("/gradio_api/queue/status").json()["queue_size"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes as Linux lists them")
def test_who_leaves_gives_up_the_places_in_line_and_a_full_line_is_told(
    http: httpx.Client, app_url: str, visitor: Visitor, clips: Path
):
    leaving, patient = Visitor(app_url), Visitor(app_url)
    video = patient.upload(clips / "clip.mp4")
    stopped = decoders()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)  # nothing moves on until everyone stands in line
    try:
        patient.join("analyze", [video, None, None, None])
        until(lambda: waiting(http) == 0)  # it has begun, and holds the networks
        for _ in range(64):
            leaving.join("analyze", [video, None, None, None])
        with pytest.raises(Refused, match=r"Queue is full\. Max size is 64"):
            visitor.join("analyze", [video, None, None, None])
        assert waiting(http) == 64
        with leaving.answers() as messages:
            next(messages)
        until(lambda: waiting(http) == 0)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    with patient.answers() as messages:
        ended = next(message for message in messages if message["msg"] == "process_completed")
    assert ended["success"] and visitor.analyze(video)[0] == ended["output"]["data"][0]


def until(is_so) -> None:
    wait = threading.Event()
    for _ in range(400):
        if is_so():
            return
        wait.wait(0.05)
    raise AssertionError("it does not come to that")


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes as Linux lists them")
def test_a_decoder_that_is_killed_costs_its_visitor_one_sentence(visitor: Visitor, clips: Path):
    video = visitor.upload(clips / "clip.mp4")
    before = visitor.analyze(video)[0]
    stopped = decoders()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    event = visitor.join("analyze", [video, None, None, None])
    with visitor.answers() as messages:
        next(message for message in messages if message["msg"] == "process_starts" and message["event_id"] == event)
        for pid in stopped:
            os.kill(pid, signal.SIGSEGV)
            os.kill(pid, signal.SIGCONT)
        ended = next(message for message in messages if message["msg"] == "process_completed")
    # Before the job was handed over nothing is lost; after it, one sentence.
    assert ended["success"] or ended["output"]["error"].startswith("clip.mp4: the decoder broke down on this file")
    assert visitor.analyze(video)[0] == before


def test_every_limit_is_told_before_the_upload(http: httpx.Client):
    page = http.get("/config").text
    for words in ("2 MB", "60 seconds", "100,000 frames", "9.4 megapixels", "30 seconds", "1024 MB", "64 visitors"):
        assert words in page
    assert text.UNEXPECTED not in page
