"""The page: layout and wiring. What happens is in `handlers`, what is shown is made by `views`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.server.zero import ON_ZERO_GPU  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip
from starlette.middleware import Middleware

from app import text, views
from app.change_panel import ChangePanel
from app.curve import Curves
from app.explainer import Explainer
from app.gallery import SampleClip, sample_clips
from app.handlers import Handlers, has_clip
from app.lab.tab import Lab
from app.own_panel import OwnPanel
from app.own_weights import OwnWeights
from app.server.guards import RefuseProxying
from app.server.settings import Settings
from app.server.sweeping import tidy_on_schedule
from app.server.uploads import LocalVideo
from app.server.visitors import RateLimit, visitor
from app.server.weight import LightPages
from app.showcase import Showcase
from app.studio import Downloads, FigureTab
from app.studio.text import TAB as TAB_FIGURE
from app.viewer import FrameViewer, OpeningView, SampleGallery, Samples, ScoreBars
from tdn.data.worker import DecodingWorker
from tdn.device import device_name
from tdn.model import system_name
from tdn.weights import Card
from tdn.weights.shipped import BASELINE_FILE, TDN_FILE, checkpoint_folder

HERE = Path(__file__).parent
# Gradio's first spinner would move with the page that grows below it.
STEADY = '[data-testid="status-tracker"]:not(.block *) > * { visibility: hidden; }'
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints on offer: their cards by file name, and the device they run on in words."""

    cards: dict[str, Card]
    where: str

    @property
    def names(self) -> dict[str, str]:
        """What kind of network each file holds."""
        return {file: system_name(card.architecture) for file, card in self.cards.items()}

    @property
    def first_choice(self) -> tuple[str | None, str | None]:
        """The shipped pair where it is there, else the first TDN and the first network that is none."""
        tdns = [file for file, name in self.names.items() if name == "TDN"]
        others = [file for file in self.cards if file not in tdns]
        first = TDN_FILE if TDN_FILE in self.cards else next(iter([*tdns, *others]), None)
        second = BASELINE_FILE if BASELINE_FILE in self.cards else next((f for f in others if f != first), None)
        return first, second

    def classes(self, file: str | None) -> list[str]:
        """What can be asked to be explained."""
        return [text.TOP_CLASS, *(self.cards[file].labels if file in self.cards else [])]

    def words(self, first: str | None, second: str | None) -> tuple[str, str]:
        """The words near the results, and those of the About section."""
        chosen = {file: self.cards[file] for file in dict.fromkeys((first, second)) if file in self.cards}
        if not chosen:
            return "", ""
        return text.weights_warning(chosen), text.about(chosen, self.names, self.where)

    def chosen(self, tdn: str | None, baseline: str | None) -> list[Any]:
        """What changes on the page with the choice of networks."""
        return [*self.words(tdn, baseline), gr.Dropdown(self.classes(tdn), value=text.TOP_CLASS)]


def build(device: str | None = None, settings: Settings | None = None) -> gr.Blocks:
    """The page, ready for `launch(**launch_options())`. Raises ValueError for a device that is not there."""
    settings = settings or Settings.from_environment()
    decoder = DecodingWorker(settings.decode_seconds, settings.decode_mb, settings.max_pixels, settings.max_frames)
    own = OwnWeights(settings.max_mb, settings.keep_minutes * 60)
    explainer = Explainer(
        checkpoint_folder(), device, settings.max_seconds, settings.max_mb, decoder, own, settings.keep_minutes
    )
    # Stands in for a borrowed GPU where none is to be had.
    on_cpu = Explainer(explainer.folder, "cpu", decoder=decoder, own=own) if ON_ZERO_GPU else explainer
    checkpoints = Checkpoints(explainer.cards(), "ZeroGPU" if ON_ZERO_GPU else device_name(explainer.device))
    own_panel = OwnPanel(own, settings, checkpoints.cards)
    clips = sample_clips(settings.samples)
    if ON_ZERO_GPU:
        explainer.load(*filter(None, checkpoints.first_choice))  # outside of any call, which counts its seconds
    showcase = Showcase(on_cpu, explainer, clips, *checkpoints.first_choice)
    gr.set_static_paths([showcase.folder, *(clip.path for clip in clips)])
    curves = Curves(explainer, checkpoints.first_choice[0], on_cpu)
    # On ZeroGPU a GPU is there for visitors alone.
    showcase.open(*([] if ON_ZERO_GPU else [curves.prepare]))
    keep_sec = settings.keep_minutes * 60
    with gr.Blocks(title=text.TITLE, delete_cache=(min(keep_sec, 600), keep_sec)) as page:
        gr.Markdown(f"# {text.TITLE}\n{text.LEAD}", elem_id="head")
        if not checkpoints.cards:
            gr.Markdown(text.NO_WEIGHTS)
        # The viewer draws in tabs that are hidden, too; each tab's content is made when it is first opened.
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(text.TAB_ANALYSE, id="analyse"):
                video, tdn, baseline, target, warning, wire_figure = analyse_tab(
                    page, explainer, on_cpu, showcase, curves, checkpoints, own_panel, settings
                )
            with gr.Tab(TAB_FIGURE, id="figure-tab") as figure_tab:
                wire_figure(FigureTab(), figure_tab.select)
            with gr.Tab(text.TAB_LAB, id="lab") as lab:
                Lab(lab, explainer, video, settings, on_cpu)
            with gr.Tab(text.TAB_ABOUT, id="about"):
                about = about_tab(checkpoints)

        def chosen(tdn: str | None, baseline: str | None, request: gr.Request) -> list[Any]:
            return replace(checkpoints, cards=own_panel.cards(visitor(request))).chosen(tdn, baseline)

        follow = {"fn": chosen, "inputs": [tdn, baseline], "outputs": [warning, about, target], "queue": False}
        gr.on([tdn.input, baseline.input], **follow, **PRIVATE)
        for brought in own_panel.wire(tdn, baseline):
            brought.success(**follow, **PRIVATE)
    tidy_on_schedule(page, Path(page.GRADIO_CACHE), keep_sec, min(keep_sec, 60))
    # api_open=False: or every function could be called past the queue and its limits.
    page.queue(max_size=settings.queue, api_open=False, default_concurrency_limit=1)
    return page


def analyse_tab(
    page: gr.Blocks,
    explainer: Explainer,
    on_cpu: Explainer,
    showcase: Showcase,
    curves: Curves,
    checkpoints: Checkpoints,
    own_panel: OwnPanel,
    settings: Settings,
) -> tuple[LocalVideo, gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.Markdown, Callable]:
    """A clip in, answers and maps out. Returns the clip, and what the choice of networks changes: both, the class, the
    warning; and what wires the figure's tab."""
    warning_words, _ = checkpoints.words(*checkpoints.first_choice)
    clips = showcase.clips
    if showcase.opening is not None:
        OpeningView(showcase.opening, label=text.OPENING, elem_id="opening")
        gr.Markdown(text.LOOK_CLOSER, elem_id="closer")
    with gr.Row(equal_height=False, elem_id="analysis"):
        with gr.Column(scale=30, min_width=290):
            video, samples, path = clip_inputs(clips, settings)
            target, analyse, tdn, baseline = choices(checkpoints, own_panel)
        with gr.Column(scale=26, min_width=250):
            scores = ScoreBars(label=text.PREDICTIONS, elem_id="scores")
            warning = gr.Markdown(warning_words, elem_id="warning")
        with gr.Column(scale=66, min_width=320, elem_id="maps"):
            viewer = FrameViewer(label=text.MAPS, elem_id="viewer")
            note = gr.Markdown(label=text.NOTE, elem_id="note")
        with gr.Column(scale=56, min_width=320, elem_id="numbers"):
            focus = gr.Markdown(label=text.FOCUS, elem_id="focus")
            downloads = Downloads()
    panel = ChangePanel()
    answer = gr.JSON(label=text.ANSWER, visible=False)
    token, asked_for = gr.State(""), gr.State(0)

    cache = Path(viewer.GRADIO_CACHE)
    rate = RateLimit(settings.rate, settings.address_rate)
    handlers = Handlers(explainer, clips, checkpoints.first_choice, showcase, curves, rate, cache, on_cpu)
    results = [answer, scores, viewer, note, token, focus, panel.curve]
    analysis = {
        "fn": handlers.analyse,
        "inputs": [video, target, tdn, baseline],
        "outputs": results,
        "concurrency_id": "model",
        "concurrency_limit": 1,
        "show_progress_on": [viewer],
        "validator": has_clip,
    }
    analyse.click(**analysis, api_name="analyze", api_description=text.API)
    # A class chosen for the clip before says little about a new one.
    new_clip = [video.upload, video.stop_recording]
    own_clip = gr.on(new_clip, lambda: text.TOP_CLASS, None, target, queue=False, **PRIVATE)
    own_clip.success(**analysis, api_visibility="private")
    # In the queue, though they wait for nobody: outside of it a state that changes goes unnoticed, as does an error.
    at_once = {"concurrency_limit": None, **PRIVATE}
    linked = [video, target, tdn, baseline, panel.change, panel.linked, asked_for]
    page.load(handlers.open_page, asked_for, [*linked, *results], **at_once)
    samples.pick(handlers.pick_sample, [tdn, baseline, asked_for], [video, target, asked_for, *results], **at_once)
    # Asked for by a link or a sample whose result is not there yet.
    asked_for.change(**analysis, api_visibility="private")
    if path is not None:
        named = path.submit(handlers.open_path, path, video, **at_once)
        named.success(**analysis, api_visibility="private")
    other_class = scores.pick(handlers.pick_class, None, target, queue=False, **PRIVATE)
    other_class.success(**analysis, api_visibility="private")
    token.change(handlers.measure_focus, token, focus, concurrency_id="focus", concurrency_limit=1, **PRIVATE)
    downloads.wire(handlers.exports, token)
    moved_on = [analyse.click, *new_clip, samples.pick, scores.pick]
    panel.forget(moved_on)
    panel.wire(handlers, [video, target, tdn, baseline])
    panel.wire_curve(handlers, video, answer, moved_on)

    def wire_figure(figure: FigureTab, opened: Callable) -> None:
        figure.wire(handlers.exports, downloads, token, panel.add_both, panel.name, opened)

    return video, tdn, baseline, target, warning, wire_figure


def about_tab(checkpoints: Checkpoints) -> gr.Markdown:
    """What the weights know and what a map can show. Returns the part that changes with the choice of networks."""
    with gr.Row(elem_id="about"):
        with gr.Column(min_width=320):
            about = gr.Markdown(checkpoints.words(*checkpoints.first_choice)[1])
        with gr.Column(min_width=320):
            gr.Markdown(text.MAP_GUIDE)
            gr.Markdown(text.OWN_WEIGHTS, elem_id="own-weights")
            gr.Markdown(text.CITATION, elem_id="citation")
    return about


def clip_inputs(clips: list[SampleClip], settings: Settings) -> tuple[LocalVideo, SampleGallery, gr.Textbox | None]:
    """Upload, camera and gallery; a path only where the page serves this machine alone."""
    video = LocalVideo(
        label=text.CLIP,
        sources=["upload", "webcam"],
        format=None,  # as uploaded: converting would need an ffmpeg binary
        height=280,
        webcam_options=gr.WebcamOptions(mirror=False, constraints={"video": {"width": 640, "height": 480}}),
        buttons=[],
        elem_id="clip",
    )
    gr.Markdown(text.limits(settings), elem_classes="small")
    samples = SampleGallery(
        Samples(samples=[views.poster(clip.title, clip.picture) for clip in clips]),
        label=text.SAMPLES,
        visible=bool(clips),
        elem_id="samples",
    )
    path = None
    if settings.local_paths:
        path = gr.Textbox(label=text.LOCAL_PATH, placeholder=text.LOCAL_PATH_HINT, max_lines=1, elem_id="path")
    return video, samples, path


def choices(checkpoints: Checkpoints, own_panel: OwnPanel) -> tuple[gr.Dropdown, gr.Button, gr.Dropdown, gr.Dropdown]:
    """The class to explain, the button, and the two networks in the closed settings."""
    first, second = checkpoints.first_choice
    target = gr.Dropdown(
        checkpoints.classes(first),
        value=text.TOP_CLASS,
        label=text.TARGET,
        info=text.TARGET_INFO,
        allow_custom_value=True,  # an index too, and classes of a checkpoint chosen in the same call
        interactive=True,
        elem_id="target",
    )
    analyse = gr.Button(text.ANALYSE, variant="primary", elem_id="analyse")
    files = [(text.checkpoint_choice(file), file) for file in checkpoints.cards]
    with gr.Accordion(text.SETTINGS, open=False):
        tdn = gr.Dropdown(files, value=first, label=text.FIRST_NETWORK, interactive=True, elem_id="first-network")
        baseline = gr.Dropdown(
            [*files, (text.NO_SECOND_NETWORK, text.NO_SECOND_NETWORK)],
            value=second or text.NO_SECOND_NETWORK,
            label=text.SECOND_NETWORK,
            interactive=True,
        )
        own_panel.draw()
    return target, analyse, tdn, baseline


def launch_options(settings: Settings | None = None) -> dict[str, Any]:
    """What `launch` is given besides host and port."""
    settings = settings or Settings.from_environment()
    return {
        "theme": theme(),
        "css": (HERE / "page.css").read_text(),
        "head": f"<style>{STEADY}</style><script>{(HERE / 'page.js').read_text()}</script>",
        "max_file_size": settings.max_mb * 2**20,
        "allowed_paths": [],
        "blocked_paths": [str(checkpoint_folder())],
        "show_error": False,
        "strict_cors": True,
        # A session takes 0.2 MB. One that has to go loses its result's downloads, which 24 later analyses end anyway.
        "state_session_capacity": 200,
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "mcp_server": False,
        "pwa": False,
        "footer_links": ["api", "gradio"],
        "app_kwargs": {"middleware": [Middleware(RefuseProxying), Middleware(LightPages)]},
    }


def theme() -> gr.themes.Base:
    return gr.themes.Base(
        primary_hue="teal",
        neutral_hue="stone",
        radius_size="md",
        spacing_size="sm",
        # The reader's own: 240 KB less to wait for, and no line moves when a font arrives.
        font=["ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "monospace"],
    ).set(
        block_shadow="none",
        body_background_fill="*neutral_50",
        # Gradio's own choices stay below the contrast of WCAG AA.
        body_text_color_subdued="*neutral_500",
        block_info_text_color="*neutral_500",
        block_title_text_color="*neutral_700",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
    )
