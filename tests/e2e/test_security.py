"""What a page open to everyone must refuse, asked over raw HTTP of the running server."""

import json
import os
from pathlib import Path

import httpx
import pytest

FILE_TYPE = {"_type": "gradio.FileData"}


@pytest.fixture(scope="module")
def http(app_url: str):
    with httpx.Client(base_url=app_url, timeout=20) as client:
        yield client


def call(http: httpx.Client, name: str, data: list) -> str:
    """What calling an endpoint by raw HTTP ends in: the server's last words."""
    started = http.post(f"/gradio_api/call/{name}", json={"data": data})
    if started.status_code != 200:
        return f"{started.status_code} {started.text}"
    with http.stream("GET", f"/gradio_api/call/{name}/{started.json()['event_id']}") as answer:
        return "".join(answer.iter_text())


def analyze(http: httpx.Client, path: str) -> str:
    return call(http, "analyze", [{"path": path, "meta": FILE_TYPE}, "0", None, None])


@pytest.mark.parametrize("link", ["https://example.com/clip.mp4", "http://169.254.169.254/latest/meta-data"])
def test_a_link_in_place_of_a_file_is_refused_before_anything_is_fetched(http: httpx.Client, link: str):
    answer = analyze(http, link)
    assert "complete" not in answer and "links are not accepted" in answer


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", str(Path(__file__).resolve())])
def test_a_file_of_the_server_is_no_input(http: httpx.Client, path: str):
    answer = analyze(http, path)
    assert "complete" not in answer and "root:" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=https://example.com/",
        "/gradio_api/file=/https://example.com/",
        "/gradio_api/file/https://example.com/",
        "/gradio_api/proxy=https://example.com/",
        "/gradio_api/process_recording",
        "/static/ffmpeg/ffmpeg-core.wasm",
    ],
)
def test_the_server_fetches_nothing_for_others(http: httpx.Client, path: str):
    assert http.get(path).status_code == 404


@pytest.mark.parametrize("name", ["analyze", "compare", "make_png"])
def test_nothing_costly_can_be_called_past_the_queue(http: httpx.Client, name: str):
    assert http.post(f"/gradio_api/run/{name}", json={"data": []}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "app.py", "../app.py", "%2e%2e/app.py", "..%2f..%2fetc/passwd", "//etc/passwd"]
)
def test_no_file_of_the_server_is_served(http: httpx.Client, path: str):
    answer = http.get(f"/gradio_api/file={path}")
    assert answer.status_code in (403, 404)


def test_checkpoints_are_not_served(http: httpx.Client):
    path = next(Path(os.environ["TDN_CHECKPOINTS"]).glob("*.safetensors"))
    assert http.get(f"/gradio_api/file={path}").status_code == 403


def test_an_upload_beyond_the_limit_is_refused(http: httpx.Client):
    answer = http.post("/gradio_api/upload", files={"files": ("big.mp4", b"0" * (2 * 2**20 + 1))})
    assert answer.status_code == 413


def test_nobody_can_watch_the_others(http: httpx.Client):
    assert http.get("/monitoring/summary").status_code in (403, 404)
    assert http.get("/gradio_api/monitoring/summary").status_code in (403, 404)


@pytest.mark.parametrize("index", [-1, 1, "0", None, 10**12, {"a": 1}])
def test_a_sample_that_does_not_exist_is_refused(http: httpx.Client, index: object):
    config = http.get("/config").json()
    number = next(d["id"] for d in config["dependencies"] if d["api_name"] == "pick_sample")
    body = {
        "data": [None, None, 0],
        "fn_index": number,
        "session_hash": "s",
        "event_data": {"index": index},
        "trigger_id": None,
    }
    http.post("/gradio_api/queue/join", json=body)
    with http.stream("GET", "/gradio_api/queue/data?session_hash=s") as answer:
        ended = next(line for line in answer.iter_lines() if "process_completed" in line)
    assert json.loads(ended.removeprefix("data: "))["success"] is False


def test_a_stranger_s_result_cannot_be_guessed(http: httpx.Client):
    assert "complete" not in call(http, "make_png", [{}, "guess"])
