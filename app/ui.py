"""The page: its tabs, and how it is served. Layout and events of each tab stand in the tab's own file."""

from pathlib import Path
from typing import Any

from app.server.zero import ON_ZERO_GPU  # first: `spaces` wants to be there before CUDA is touched

import gradio as gr  # isort: skip
from starlette.middleware import Middleware

from app import text
from app.about import about_tab
from app.analyse_tab import AnalyseTab
from app.checkpoints import Checkpoints
from app.curve import Curves
from app.explainer import Explainer
from app.gallery import sample_clips
from app.handlers import Handlers
from app.lab.tab import Lab
from app.links import Documents, head
from app.own_panel import OwnPanel
from app.own_weights import OwnWeights
from app.server import line
from app.server.guards import RefuseProxying
from app.server.settings import Settings
from app.server.sweeping import tidy_on_schedule
from app.server.visitors import Arrivals, RateLimit
from app.server.weight import LightPages
from app.sharing import SharedPages, Shares
from app.showcase import Showcase
from app.studio import FigureTab
from app.studio.text import TAB as TAB_FIGURE
from tdn.data.worker import DecodingWorker
from tdn.device import device_name
from tdn.weights.shipped import checkpoint_folder

HERE = Path(__file__).parent
# Gradio's first spinner would move with the page that grows below it.
STEADY = '[data-testid="status-tracker"]:not(.block *) > * { visibility: hidden; }'


def build(device: str | None = None, settings: Settings | None = None) -> gr.Blocks:
    """The page, ready for `launch(**launch_options())`. Raises ValueError for a device that is not there."""
    settings = settings or Settings.from_environment()
    decoder = DecodingWorker(settings.decode_seconds, settings.decode_mb, settings.max_pixels, settings.max_frames)
    own = OwnWeights(settings.max_mb, settings.keep_minutes * 60)
    folder = checkpoint_folder()
    limits, others = (settings.max_seconds, settings.max_mb), settings.networks
    explainer = Explainer(folder, device, *limits, decoder, own, settings.keep_minutes, others)
    # Stands in for a borrowed GPU where none is to be had.
    on_cpu = Explainer(folder, "cpu", decoder=decoder, own=own, others=others) if ON_ZERO_GPU else explainer
    networks = explainer.networks
    checkpoints = Checkpoints(networks, networks.cards(), "ZeroGPU" if ON_ZERO_GPU else device_name(networks.device))
    pair = checkpoints.first_choice
    own_panel = OwnPanel(own, settings, checkpoints.cards)
    clips = sample_clips(settings.samples)
    if ON_ZERO_GPU:
        for file in filter(None, pair):
            networks.get(file)  # outside of any call, which counts its seconds
    showcase = Showcase(on_cpu, explainer, clips, *pair)
    gr.set_static_paths([showcase.folder, *(clip.path for clip in clips)])
    curves = Curves(explainer, pair[0], on_cpu)
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
                analyse = AnalyseTab(checkpoints, showcase, own_panel, settings)
            with gr.Tab(TAB_FIGURE, id="figure-tab") as figure_tab:
                figure = FigureTab()
            with gr.Tab(text.TAB_LAB, id="lab") as lab:
                Lab(lab, explainer, analyse.video, settings, on_cpu)
            with gr.Tab(text.TAB_ABOUT, id="about"):
                about = about_tab(checkpoints.words(*pair)[1])
        rate, cache = RateLimit(settings.rate, settings.address_rate), Path(page.GRADIO_CACHE)
        handlers = Handlers(explainer, clips, pair, showcase, curves, rate, cache, on_cpu)
        analyse.wire(page, handlers, about, figure, figure_tab)
    shares = Shares(settings.share_folder, settings.share_hours)
    tidy_on_schedule(page, cache, keep_sec, min(keep_sec, 60), shares.sweep)
    # api_open=False: or every function could be called past the queue and its limits.
    page.queue(max_size=settings.queue, api_open=False, default_concurrency_limit=1)
    return page


def launch_options(settings: Settings | None = None) -> dict[str, Any]:
    """What `launch` is given besides host and port."""
    settings = settings or Settings.from_environment()
    shares = Shares(settings.share_folder, settings.share_hours)
    shared = [Middleware(SharedPages, shares=shares)] if settings.share_hours else []
    return {
        "theme": theme(),
        "css": (HERE / "page.css").read_text() + (HERE / "lab" / "lab.css").read_text(),
        "head": f"<style>{STEADY}</style><script>{(HERE / 'page.js').read_text()}</script>{head()}{line.head()}",
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
        "app_kwargs": {
            "middleware": [
                Middleware(Arrivals),
                Middleware(RefuseProxying),
                Middleware(LightPages),
                Middleware(Documents),
                *shared,
            ]
        },
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
