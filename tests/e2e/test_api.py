"""The HTTP contract, through gradio_client: /analyze with its defaults and its errors."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tdn.weights.shipped import TDN_FILE
from tests.e2e.conftest import LABELS


@pytest.fixture(scope="module")
def client(app_url: str) -> Client:
    return Client(app_url, verbose=False, download_files=False)


def analyze(client: Client, clip: Path, **inputs: str) -> dict:
    return client.predict(handle_file(clip), **inputs, api_name="/analyze")[0]


def test_two_functions_are_public_and_analyze_needs_the_video_alone(client: Client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert sorted(endpoints) == ["/analyze", "/compare"]
    parameters = endpoints["/analyze"]["parameters"]
    required = [parameter["parameter_name"] for parameter in parameters if not parameter["parameter_has_default"]]
    assert parameters[0]["parameter_name"] == "video" and required == ["video"]


def test_analyze_answers_as_the_contract_says(client: Client, clips: Path):
    answer = analyze(client, clips / "clip.mp4")
    assert set(answer) == {"tdn", "baseline", "target", "frames"}
    for role in ("tdn", "baseline"):
        top = answer[role]["top"]
        assert [answer[role]["label"], answer[role]["probability"]] == top[0]
        assert sorted(label for label, _ in top) == sorted(LABELS)
        assert sum(share for _, share in top) == pytest.approx(1, abs=1e-5)
    assert answer["target"] == answer["tdn"]["label"]
    assert [len(window) for window in answer["frames"]] == [5] * 8


def test_compare_tells_the_scores_before_and_after_one_change(client: Client, clips: Path):
    found = client.predict("reverse", handle_file(clips / "clip.mp4"), api_name="/compare")[0]
    assert set(found) == {"change", "target", "before", "after", "note"}
    before, after = found["before"]["tdn"], found["after"]["tdn"]
    assert before["target_probability"] != after["target_probability"]
    with pytest.raises(AppError, match="expected one of freeze windows"):
        client.predict("melt", handle_file(clips / "clip.mp4"), api_name="/compare")


def test_one_checkpoint_has_no_baseline(client: Client, clips: Path):
    assert analyze(client, clips / "clip.mp4", baseline="none")["baseline"] is None


@pytest.mark.parametrize("target", ["dropping SOMETHING", "3"])
def test_a_target_is_a_label_or_an_index(client: Client, clips: Path, target: str):
    assert analyze(client, clips / "clip.mp4", target=target)["target"] == "Dropping something"


@pytest.mark.parametrize(
    ("file", "inputs", "says"),
    [
        ("fake.mp4", {}, "not a readable video"),
        ("clip.mp4", {"target": "Flying"}, "no such class"),
        ("clip.mp4", {"target": "4"}, "no such class"),
    ],
)
def test_bad_input_gives_one_sentence(client: Client, clips: Path, file: str, inputs: dict, says: str):
    with pytest.raises(AppError, match=says) as error:
        analyze(client, clips / file, **inputs)
    message = str(error.value)
    assert "\n" not in message and "Traceback" not in message and str(clips) not in message


def test_visitors_at_the_same_time_get_their_own_answers(app_url: str, client: Client, clips: Path):
    files = ["clip.mp4", "short.mp4"] * 2
    alone = {file: analyze(client, clips / file) for file in set(files)}
    clients = [Client(app_url, verbose=False, download_files=False) for _ in files]
    with ThreadPoolExecutor(len(files)) as pool:
        together = list(pool.map(lambda pair: analyze(pair[0], clips / pair[1]), zip(clients, files, strict=True)))
    assert together == [alone[file] for file in files]


def test_a_checkpoint_is_chosen_by_its_file_name(client: Client, clips: Path):
    assert analyze(client, clips / "clip.mp4", tdn=TDN_FILE) == analyze(client, clips / "clip.mp4")


def test_the_example_of_the_document_names_every_public_function_and_runs(app_url: str, client: Client, clips: Path):
    text = (Path(__file__).resolve().parents[2] / "docs" / "deploy.md").read_text()
    example = text.split("## From a program")[1].split("```python")[1].split("```")[0]
    public = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert all(f'api_name="{name}"' in example for name in public)
    example = example.replace("http://127.0.0.1:7860", app_url).replace("clip.mp4", str(clips / "clip.mp4"))
    exec(compile(example, "docs/deploy.md", "exec"), {})
