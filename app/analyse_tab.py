"""The tab in which a clip is analysed: its layout, and what its events call."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from app import opening_text, text, views
from app.asking import has_clip
from app.change_panel import AT_ONCE, PRIVATE, ChangePanel
from app.checkpoints import Checkpoints
from app.gallery import SampleClip
from app.handlers import Handlers
from app.own_panel import OwnPanel
from app.server.errors import one_sentence
from app.server.settings import Settings
from app.server.uploads import LocalVideo
from app.server.visitors import visitor
from app.sharing import SharePanel, Shares
from app.showcase import Showcase
from app.shown import RESULT, Parts, Shown
from app.studio import Downloads, FigureTab
from app.viewer import FrameViewer, OpeningView, SampleGallery, Samples, ScoreBars

CLIP_BOX = Path(__file__).with_name("clip_box.js")


class AnalyseTab:
    """A clip in, answers and maps out. Makes its components where it is made."""

    def __init__(self, checkpoints: Checkpoints, showcase: Showcase, own_panel: OwnPanel, settings: Settings):
        self.checkpoints = checkpoints
        self.own_panel = own_panel
        if showcase.opening is not None:
            OpeningView(showcase.opening, label=opening_text.OPENING, elem_id="opening")
            gr.Markdown(opening_text.LOOK_CLOSER, elem_id="closer")
        with gr.Row(equal_height=False, elem_id="analysis"):
            with gr.Column(scale=30, min_width=290):
                self.video, self.samples, self.path = _clip_inputs(showcase.clips, settings)
                self.target, self.analyse, self.tdn, self.baseline, self.method = _choices(checkpoints, own_panel)
            with gr.Column(scale=26, min_width=250):
                self.trouble = gr.Markdown(label=text.TROUBLE, elem_id="trouble")
                self.scores = ScoreBars(label=text.PREDICTIONS, elem_id="scores")
                self.versus = gr.Dropdown(
                    [text.NO_VERSUS, *checkpoints.classes(checkpoints.first_choice[0])[1:]],
                    value=text.NO_VERSUS,
                    label=text.VERSUS,
                    info=text.VERSUS_INFO,
                    allow_custom_value=True,
                    interactive=True,
                    elem_id="versus",
                )
                self.warning = gr.Markdown(checkpoints.words(*checkpoints.first_choice)[0], elem_id="warning")
            with gr.Column(scale=66, min_width=320, elem_id="maps"):
                self.viewer = FrameViewer(label=text.MAPS, elem_id="viewer")
                self.note = gr.Markdown(label=text.NOTE, elem_id="note")
            with gr.Column(scale=56, min_width=320, elem_id="numbers"):
                self.focus = gr.Markdown(label=text.FOCUS, elem_id="focus")
                self.downloads = Downloads()
                shares = Shares(settings.share_folder, settings.share_hours)
                self.sharing = SharePanel(shares) if settings.share_hours else None
        self.panel = ChangePanel()
        self.answer = gr.JSON(label=text.ANSWER, visible=False)
        self.token, self.asked_for = gr.State(""), gr.State("")

    def parts(self, about: gr.Markdown) -> Parts:
        """Everything that events change; `about` says in another tab what the chosen networks know."""
        panel = self.panel
        return Parts(
            answer=self.answer,
            scores=self.scores,
            viewer=self.viewer,
            note=self.note,
            token=self.token,
            focus=self.focus,
            curve=panel.curve,
            trouble=self.trouble,
            video=self.video,
            target=self.target,
            tdn=self.tdn,
            baseline=self.baseline,
            versus=self.versus,
            method=self.method,
            warning=self.warning,
            about=about,
            change=panel.change,
            compared=panel.compared,
            scores_after=panel.scores,
            viewer_after=panel.viewer,
            note_after=panel.note,
            comparison=panel.name,
            looked_again=panel.looked_again,
            change_trouble=panel.trouble,
            asked_for=self.asked_for,
            asked_change=panel.asked,
        )

    def wire(self, page: gr.Blocks, handlers: Handlers, about: gr.Markdown, figure: FigureTab, tab: gr.Tab) -> None:
        """Every event; `figure` is drawn when its `tab` is opened."""
        parts, asking, panel = self.parts(about), handlers.asking, self.panel
        networks, how = [self.tdn, self.baseline], [self.versus, self.method]
        question, new_clip = [self.video, self.target, *networks], [self.video, *networks]

        def ask(trigger: Any, handler: Any, inputs: Any, **settings: Any) -> None:
            trigger(parts.by(handler), inputs, parts.of(), trigger_mode="multiple", **AT_ONCE, **settings)

        ask(page.load, asking.open_page, None)
        page.load(None, js=CLIP_BOX.read_text(), **PRIVATE)
        ask(self.analyse.click, asking.ask, [*question, *how], validator=has_clip)
        for chosen in (self.target, *how):
            ask(chosen.input, asking.ask, [*question, *how])
        for trigger in (self.video.upload, self.video.stop_recording, self.video.clear):
            ask(trigger, asking.new_clip, new_clip)
        ask(self.samples.pick, asking.pick_sample, networks)
        ask(self.scores.pick, asking.pick_class, [*new_clip, *how])
        if self.path is not None:
            ask(self.path.submit, asking.open_path, [self.path, *networks])

        def other_networks(video: str | None, tdn: str | None, baseline: str | None, request: gr.Request) -> Shown:
            offered = replace(self.checkpoints, cards=self.own_panel.cards(visitor(request)))
            with one_sentence():
                warning, words = offered.words(tdn, baseline)
                first, *labels = offered.classes(tdn)
            shown = asking.ask_anew(video, text.TOP_CLASS, tdn, baseline, request=request)
            target = gr.Dropdown([first, *labels], value=text.TOP_CLASS)
            versus = gr.Dropdown([text.NO_VERSUS, *labels], value=text.NO_VERSUS)
            return replace(shown, warning=warning, about=words, target=target, versus=versus)

        brought = [event.success for event in self.own_panel.wire(self.tdn, self.baseline)]
        for trigger in (self.tdn.input, self.baseline.input, *brought):
            ask(trigger, other_networks, new_clip)

        self.asked_for.change(
            parts.by(handlers.analyse),
            question,
            parts.of(*RESULT),
            concurrency_id="model",
            concurrency_limit=1,
            show_progress_on=[self.viewer],
            validator=has_clip,
            # What comes late is dropped; nothing waits for it.
            trigger_mode="multiple",
            api_name="analyze",
            api_description=text.API,
        )
        self.token.change(
            handlers.measure_focus, self.token, self.focus, concurrency_id="focus", concurrency_limit=1, **PRIVATE
        )
        self.token.change(handlers.refused_changes, self.token, panel.refused, queue=False, **PRIVATE)
        panel.wire(parts, handlers, question)
        clicks = [self.analyse.click, *(chosen.input for chosen in (self.target, *networks, *how))]
        clips = [self.video.upload, self.video.stop_recording, self.video.clear, self.samples.pick]
        panel.wire_curve(handlers, self.video, self.answer, self.token, [*clicks, *clips, self.scores.pick])
        self.downloads.wire(handlers.exports, self.token)
        if self.sharing:
            self.sharing.wire(handlers.exports, self.token)
        figure.wire(handlers.exports, self.downloads, self.token, panel.add_both, panel.name, tab.select)


def _clip_inputs(clips: list[SampleClip], settings: Settings) -> tuple[LocalVideo, SampleGallery, gr.Textbox | None]:
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
        Samples(
            samples=[views.poster(clip.title, clip.picture) for clip in clips],
            credits=views.sample_credits(clips),
            credits_title=text.SAMPLE_CREDITS,
        ),
        label=text.SAMPLES,
        visible=bool(clips),
        elem_id="samples",
    )
    path = None
    if settings.local_paths:
        path = gr.Textbox(label=text.LOCAL_PATH, placeholder=text.LOCAL_PATH_HINT, max_lines=1, elem_id="path")
    return video, samples, path


def _choices(checkpoints: Checkpoints, own_panel: OwnPanel) -> tuple[gr.components.Component, ...]:
    """The class to explain, the button; and in the closed settings both networks and the method."""
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
    files = checkpoints.choices
    with gr.Accordion(text.SETTINGS, open=False):
        tdn = gr.Dropdown(files, value=first, label=text.FIRST_NETWORK, interactive=True, elem_id="first-network")
        baseline = gr.Dropdown(
            [*files, (text.NO_SECOND_NETWORK, text.NO_SECOND_NETWORK)],
            value=second or text.NO_SECOND_NETWORK,
            label=text.SECOND_NETWORK,
            interactive=True,
            elem_id="second-network",
        )
        method = gr.Dropdown(
            [(words, name) for name, words in text.METHODS.items()],
            value=text.METHOD,
            label=text.METHOD_LABEL,
            info=text.METHOD_INFO,
            interactive=True,
            elem_id="method",
        )
        own_panel.draw()
    return target, analyse, tdn, baseline, method
