"""The page without a server, built as `make web` builds it and served as files, in a real Chromium."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator

import av
import numpy as np
import pytest
import torch

from app.lab.lessons import CLIPS
from tdn.data import synthetic_clip
from tdn.data.clip import load_clip
from tdn.data.transforms import denormalise
from tdn.data.video import write_mp4
from tdn.explain import grad_cam, parse_change
from tdn.explain.methods import Rule
from tdn.measure.masks import mask_path
from tdn.motion import LABELS
from tdn.networks import as_network
from tdn.weights import load_model
from tests.e2e.conftest import PATIENCE_MS, moving_square
from tests.e2e.web_site import PAIR, ROOT, SAMPLES, Visit, built_and_served

LABEL_OF = {entry["file"]: entry["label"] for entry in json.loads((SAMPLES / "samples.json").read_text())}
LISTED = [SAMPLES / file for file in LABEL_OF]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("npm") is None, reason="no Node on this machine"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, node_modules) -> Iterator[str]:
    with built_and_served(tmp_path_factory.getbasetemp()) as address:
        yield address


@pytest.fixture(scope="module")
def visit(browser, site) -> Iterator[Visit]:
    opened = Visit(browser, site)
    yield opened
    opened.context.close()


def test_it_opens_on_the_conveyor_and_asks_no_other_host(visit):
    assert "“Moving something from right to left”" in visit.status()
    assert "CC BY 4.0" in visit.page.inner_text("#credit")
    assert visit.outside == []
    assert visit.said == []
    visit.wait_for_maps(4)


def maps_of_views(visit: Visit, clip: torch.Tensor, method: str = "grad_cam") -> dict:
    """What the page answers to the pixels of a clip [1, T, L, 3, H, W]."""
    packed = base64.b64encode(denormalise(clip).tobytes()).decode()
    return visit.page.evaluate(
        """async ([packed, method]) => {
             const views = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
             const found = await tdnLens.answerViews(views, method);
             for (const map of Object.values(found.maps)) map.data = Array.from(map.data);
             return found;
           }""",
        [packed, method],
    )


def test_scores_and_maps_of_given_pixels_equal_python(visit):
    models = {role: load_model(path) for role, path in zip(("tdn", "baseline"), PAIR, strict=True)}
    for path in (SAMPLES / "conveyor.mp4", LISTED[-1], CLIPS / "streaming_right.mp4"):
        name, clip = path.name, load_clip(path, models["tdn"]).tensor
        found = maps_of_views(visit, clip)
        target = int(models["tdn"](clip).argmax())
        for role, model in models.items():
            logits = model(clip)[0].detach().numpy()
            assert np.abs(np.array(found[role]["logits"]) - logits).max() < 1e-4
            for layer, wanted in grad_cam(model, clip, target).items():
                wanted, map_ = wanted[0].numpy(), found["maps"][f"{role}_{layer}"]
                assert map_["shape"] == list(wanted.shape)
                off = np.abs(np.array(map_["data"]).reshape(wanted.shape) - wanted).max()
                assert off < 1e-3 * max(wanted.max(), 1e-6), f"{name} {role} {layer}: {off / wanted.max():.1e}"


@pytest.mark.parametrize(
    "method",
    ["hirescam", *(pytest.param(one, marks=pytest.mark.long) for one in ("layercam", "grad_cam_pp", "xgradcam"))],
)
def test_every_method_gives_python_s_map(visit, method):
    model = load_model(PAIR[0])
    clip = load_clip(SAMPLES / "conveyor.mp4", model).tensor
    maps = maps_of_views(visit, clip, method)["maps"]
    for layer, wanted in grad_cam(model, clip, rule=Rule(method)).items():
        wanted = wanted[0].numpy()
        off = np.abs(np.array(maps[f"tdn_{layer}"]["data"]).reshape(wanted.shape) - wanted).max()
        assert off < 1e-3 * wanted.max(), f"{layer}: {off / wanted.max():.1e}"


@pytest.mark.parametrize(
    "change",
    ["shuffle segments", "shuffle inside windows", "reverse", "blank 0.2,0.3,0.61,0.8", "S-TDM at its clip mean"],
)
def test_a_change_of_given_pixels_gives_python_s_scores(visit, change):
    model = load_model(PAIR[0])
    clip = load_clip(SAMPLES / "conveyor.mp4", model).tensor
    packed = base64.b64encode(denormalise(clip).tobytes()).decode()
    found = visit.page.evaluate(
        """([packed, change]) => tdnLens.answerChanged(
             Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)), change)""",
        [packed, change],
    )
    network, changed = parse_change(change).apply(as_network(model), clip)
    assert np.abs(np.array(found["tdn"]) - network.module(changed)[0].detach().numpy()).max() < 1e-4


def test_motion_focus_of_a_sample_is_python_s(visit):
    """To two figures: the clip is decoded by the browser here and by PyAV there."""
    masked = next(path for path in LISTED if mask_path(path).is_file())
    visit.page.click(f"#samples button[data-file='{masked.name}']")
    visit.wait_for("frames.")
    visit.page.wait_for_selector("#focus:not([hidden])")
    shown = visit.page.locator("#focus tbody tr").first.locator("td").all_inner_texts()
    model = load_model(PAIR[0])
    clip = load_clip(masked, model)
    map_ = torch.nn.functional.interpolate(
        grad_cam(model, clip.tensor)["res2"], (112, 112), mode="bilinear", align_corners=False
    )[0].numpy()
    mask = np.load(mask_path(masked))["mask"][clip.frames[:, 2]]
    share = (map_ * mask).sum() / map_.sum()
    assert abs(float(shown[1].rstrip("%")) / 100 - share) < 0.03
    assert abs(float(shown[2]) - share / mask.mean()) < 0.05 * share / mask.mean() + 0.05


def test_a_link_opens_what_it_names(browser, site):
    name = LISTED[-1].stem
    visit = Visit(browser, f"{site}?sample={name}&change=reverse&method=layercam")
    assert "after the change" in visit.status()
    visit.wait_for_maps(8)
    assert visit.page.locator("#viewer figcaption").first.inner_text().count("LayerCAM") == 1
    assert f"sample={name}" in visit.page.url and "change=reverse" in visit.page.url
    visit.context.close()


@pytest.mark.parametrize("count", [4, pytest.param(20, marks=pytest.mark.long)])
def test_files_give_the_frames_and_the_answers_of_python(visit, tmp_path, count: int):
    """The samples, and drawn clips of as many classes as are missing. Colours may differ by a few levels: the browser's
    decoder converts them its own way.
    """
    model, paths = load_model(PAIR[0]), sorted(SAMPLES.glob("*.mp4"))[:count]
    for number, label in enumerate(LABELS[: count - len(paths)]):
        paths.append(tmp_path / f"drawn_{number}.mp4")
        write_mp4(paths[-1], synthetic_clip(label, seed=number)[0], fps=12)
    assert len(paths) == count
    for path in paths:
        clip = load_clip(path, model)
        content = base64.b64encode(path.read_bytes()).decode()
        found = visit.page.evaluate(
            """async ([name, content]) => {
                 const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                 const { tdn, frames } = await tdnLens.analyse(new File([bytes], name, { type: 'video/mp4' }));
                 return { tdn, frames };
               }""",
            [path.name, content],
        )
        assert found["frames"] == clip.frames.tolist(), path.name
        probabilities = model(clip.tensor)[0].softmax(0)
        assert found["tdn"]["label"] == model.labels[int(probabilities.argmax())], path.name
        assert abs(found["tdn"]["probability"] - float(probabilities.max())) < 0.1, path.name


# How far each frame [T, L] of a file, as the page decodes it, is from each given one of its window: levels [T][L][L].
DISTANCES = """async ([name, given]) => {
  const file = new File([await (await fetch(`samples/${name}`)).blob()], name, { type: 'video/mp4' });
  const { frames, views } = await tdnLens.analyse(file);
  const wanted = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0)), size = views.length / 40;
  const apart = (one, other) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += Math.abs(views[one * size + k] - wanted[other * size + k]);
    return sum / size;
  };
  const five = [0, 1, 2, 3, 4];
  return { frames, apart: frames.map((_, t) => five.map((l) => five.map((m) => apart(5 * t + l, 5 * t + m)))) };
}"""


@pytest.mark.long
def test_without_webcodecs_the_same_frames_are_read_by_seeking(browser, site, clips):
    visit = Visit(browser, site, before="delete window.VideoDecoder")
    assert "“Moving something from right to left”" in visit.status()
    model = load_model(PAIR[0])
    for path in (LISTED[0], LISTED[-2]):  # filmed, and a drawn one: noise is not kept as well by each decoder
        name, clip = path.name, load_clip(path, model)
        given = base64.b64encode(denormalise(clip.tensor).tobytes()).decode()
        found = visit.page.evaluate(DISTANCES, [name, given])
        assert found["frames"] == clip.frames.tolist()
        apart = np.array(found["apart"])
        same = apart[:, range(5), range(5)]
        assert same.max() < 4  # levels of 255, for the decoders have their own colours
        assert (apart >= same[..., None] - 1e-9).all(), name  # no neighbour is nearer
    visit.upload(clips / "fake.mp4")
    visit.wait_for("expected MP4")
    visit.context.close()


def test_a_change_is_looked_at_before_and_after(visit):
    visit.page.click(f"#samples button[data-file='{LISTED[1].name}']")
    visit.wait_for(f"“{LABEL_OF[LISTED[1].name]}”")
    visit.page.wait_for_selector("#change:not([disabled])")
    visit.page.select_option("#change", "freeze windows")
    visit.wait_for("after the change")
    visit.wait_for_maps(8)
    assert "T-Conv baseline" in visit.status()
    assert visit.page.locator("#region").is_hidden()
    visit.page.select_option("#change", "blank")
    visit.page.press("#region", "ArrowRight")
    visit.page.wait_for_function("location.search.includes('change=blank+0.3%2C0.25%2C0.8%2C0.75')")
    visit.page.select_option("#change", "")
    visit.page.wait_for_function("!document.getElementById('status').textContent.includes('after')")


@pytest.mark.long
def test_the_curve_is_drawn_and_a_point_of_it_shows_the_clip_so(visit):
    visit.page.click(f"#samples button[data-file='{LISTED[1].name}']")
    visit.page.wait_for_selector("#curve .want:not([disabled])")
    visit.page.click("#curve .want")
    visit.page.wait_for_selector("#curve[data-points='19'], #curve [data-points='19']", timeout=PATIENCE_MS)
    rows = visit.page.locator("#curve table tr").all_inner_texts()
    assert len(rows) == 20
    shown = visit.page.evaluate("document.querySelector('#curve .step').value")
    assert shown == "3"  # as filmed
    visit.set_step(9)
    visit.page.click("#curve .apply")
    visit.wait_for("shown: 7 times over")
    assert "showing=repeat+7" in visit.page.url


def test_a_file_that_is_no_video_gets_one_sentence_and_the_next_one_works(visit, clips):
    visit.upload(clips / "fake.mp4")
    visit.wait_for("expected MP4")
    assert visit.page.locator("#status.error").count() == 1
    visit.upload(clips / "clip.mp4")
    visit.wait_for("24 frames")
    visit.page.wait_for_selector("#save:not([disabled])")


def test_a_file_of_500_megabytes_is_read_where_its_frames_are(visit, clips, tmp_path):
    """A free box of 500 MB behind the film: what is never needed is never read into memory."""
    large = tmp_path / "large.mp4"
    content = (clips / "clip.mp4").read_bytes()
    with large.open("wb") as file:
        file.write(content + (500 * 2**20).to_bytes(4, "big") + b"free")
        file.truncate(len(content) + 500 * 2**20)
    visit.upload(large)
    visit.wait_for("24 frames")
    visit.page.wait_for_selector("#save:not([disabled])")


def test_h265_is_read_or_the_sentence_names_it(visit, tmp_path):
    path = tmp_path / "phone.mov"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=24, options={"x265-params": "log-level=none", "tag": "hvc1"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for frame in moving_square():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        out.mux(stream.encode())
    visit.upload(path)
    visit.page.wait_for_function(
        """() => /24 frames|can't decode HEVC video; convert it to H.264/
                   .test(document.getElementById('status').textContent)"""
    )


def test_the_downloads_are_of_what_is_shown(visit, clips, tmp_path):
    visit.upload(clips / "clip.mp4")
    visit.wait_for("24 frames")
    visit.page.wait_for_selector("#save:not([disabled])")
    for button, ending in (("#save", ".png"), ("#raw", ".json"), ("#film", (".mp4", ".webm"))):
        with visit.page.expect_download() as waiting:
            visit.page.click(button)
        assert waiting.value.suggested_filename.startswith("clip-")
        assert waiting.value.suggested_filename.endswith(ending)


def test_the_rules_in_javascript_hold():
    subprocess.run(["npm", "test", "--silent"], cwd=ROOT / "web", check=True)


def test_it_works_without_a_connection_after_the_first_visit(browser, site):
    visit = Visit(browser, site)
    visit.page.evaluate("navigator.serviceWorker.ready")
    visit.page.reload()  # now through the service worker, which keeps what it fetches
    visit.wait()
    visit.context.set_offline(True)
    visit.page.reload()
    visit.wait()
    assert "“Moving something from right to left”" in visit.status()
    visit.context.close()


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, site):
    visit = Visit(browser, site, "phone")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= visit.width
    assert "Moving something" in visit.status()
    visit.context.close()


@pytest.mark.long
def test_the_camera_is_explained_again_and_again(browser, site):
    visit = Visit(browser, site, permissions=["camera"])
    visit.page.click("#live")
    visit.wait_for("answers a second")
    first = visit.status()
    visit.page.wait_for_function("before => document.getElementById('status').textContent !== before", arg=first)
    visit.page.click("#live")
    visit.wait_for("The camera is off")
    visit.context.close()
