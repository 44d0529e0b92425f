"""A request in, an analysis out: the page's only door to torch. Knows nothing of Gradio."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from app import change_text, text
from app.analysis import Analysis, Answer, Comparison, Kept, Prepared, Request, RequestError
from app.latest import Latest
from app.networks import Networks
from app.own_weights import OwnWeights
from app.results import Results
from app.server.sweeping import is_upload
from app.server.zero import ON_ZERO_GPU
from tdn.data.clip import Clip, Pictures
from tdn.data.film import AS_FILMED, Showing
from tdn.data.video import VideoInfo
from tdn.data.worker import DecodingWorker
from tdn.explain import ForwardPass, explain, parse_change
from tdn.explain.changes import frames_shown
from tdn.explain.classes import find_label
from tdn.explain.explanation import explanation
from tdn.explain.strobe import Step, curve
from tdn.networks import Network, reads_alike
from tdn.networks.tdn import LAYERS
from tdn.show.bundle import write_bundle
from tdn.show.map_rows import titles

# Forward passes kept for the maps of further classes: half a gigabyte each for ResNet-50 at 224 pixels. On ZeroGPU an
# analysis runs in a process that ends with it, so nothing can be kept.
PASSES_KEPT = 0 if ON_ZERO_GPU else 4


class Explainer:
    """Answers requests with the `networks` of a folder, one analysis at a time, and keeps `results`.

    Videos are decoded by `decoder`, in a process of its own. Raises ValueError for a device that is not there.
    """

    def __init__(
        self,
        folder: Path,
        device: str | None = None,
        max_seconds: int = 600,
        max_mb: int = 100,
        decoder: DecodingWorker | None = None,
        own: OwnWeights | None = None,
        keep_minutes: int | None = None,
    ):
        self.decoder = decoder or DecodingWorker()  # first: it starts while the rest is loaded
        self.networks = Networks(folder, device, own)
        self.results = Results()
        self.max_seconds = max_seconds
        self.max_mb = max_mb
        self.keep_minutes = keep_minutes
        self._passes: Latest[tuple[str, str], ForwardPass] = Latest(PASSES_KEPT)

    def prepare(self, request: Request, showing: Showing = AS_FILMED) -> Prepared:
        """Load the networks and read the clip, shown as `showing` says; every error of the visitor's comes from here.

        Raises RequestError, tdn.data.video.VideoError, CheckpointError or FileNotFoundError, each with one sentence.
        """
        path = self._expect_small(request.video)
        for name in filter(None, (request.tdn, request.baseline)):
            self.networks.expect_allowed(name, request.visitor)
        tdn = self.networks.get(request.tdn)
        target = _class_index(tdn, request.target)
        if request.baseline:
            _expect_same_clip(request, tdn, self.networks.get(request.baseline))
        clip = self.decoder.load_clip(path, tdn, **asdict(showing))
        self._expect_short(clip.info)
        return Prepared(request, clip, target)

    def read_showings(self, request: Request, showings: Sequence[Showing], display_short_side: int) -> Pictures:
        """A clip shown in several ways, read once, for the network `tdn` of the request and those that read the same.

        Raises as `prepare` does.
        """
        path = self._expect_small(request.video)
        pictures = self.decoder.read_pictures(path, self.networks.get(request.tdn), showings, display_short_side)
        self._expect_short(pictures.info)
        return pictures

    def strobe(self, files: Sequence[str], pictures: Pictures) -> Iterator[Step]:
        """`tdn.explain.strobe.curve` of the networks of these checkpoints, with room for others between two steps."""
        running = curve({file: self.networks.get(file) for file in files}, pictures)
        while True:
            with self.networks.using:
                step = next(running, None)
            if step is None:
                return
            yield step

    def _expect_small(self, video: str) -> Path:
        path = Path(video)
        if self.keep_minutes and not path.exists() and is_upload(path):
            raise RequestError(text.deleted(path.name, self.keep_minutes))
        if path.is_file() and path.stat().st_size > self.max_mb * 2**20:
            raise RequestError(text.too_large(path.name, self.max_mb))
        return path

    def _expect_short(self, info: VideoInfo) -> None:
        # Only the frames of the windows were decoded, so refusing now costs no more than a look beforehand.
        if info.duration_sec > self.max_seconds:
            raise RequestError(text.too_long(info.name, info.duration_sec, self.max_seconds))

    def analyse(self, prepared: Prepared) -> Iterator[Analysis]:
        """Yield the analysis twice: with predictions and the maps of the final stage, then with those at Res2 too.

        The final stage's are a closed form; Res2 needs a backward pass.
        """
        files = {"tdn": prepared.request.tdn, "baseline": prepared.request.baseline}
        networks = {role: self.networks.get(file) for role, file in files.items() if file}
        names = titles({role: network.title for role, network in networks.items()}, files)
        with self.networks.using:
            passes = {role: self._pass(files[role], network, prepared) for role, network in networks.items()}
        target = int(passes["tdn"].logits[0].argmax()) if prepared.target is None else prepared.target
        label = networks["tdn"].labels[target]
        answers, asked, clip = {}, {}, prepared.clip
        for role, network in networks.items():
            # The same class for both; its index may differ where the labels stand in another order.
            asked[role] = (network, clip, passes[role], network.labels.index(label))
            found = explanation(*asked[role], layers=LAYERS[-1:], title=names[role])
            answers[role] = Answer(files[role], found, _sure_above(network))
        quick = Analysis(
            file_name=clip.info.name,
            target=label,
            answers=answers,
            centre_frames=clip.centre_frames,
            box=clip.seen_box,
            frames=clip.frames,
            times_sec=clip.times_sec,
            note=clip.note,
        )
        yield quick
        with self.networks.using:
            answers = {
                role: replace(answer, explained=explanation(*asked[role], title=names[role]))
                for role, answer in answers.items()
            }
        yield replace(quick, answers=answers)

    def shown_otherwise(self, prepared: Prepared, change: str) -> Clip | None:
        """The clip as a change like "repeat 7" shows it, read anew; None for changes of what is there.

        Raises as `prepare` does.
        """
        try:
            asked = parse_change(change)
            showing = Showing(**asked.showing(prepared.clip.showing)) if asked.kind == "video" else None
        except ValueError as error:
            raise RequestError(str(error)) from None
        return self.prepare(prepared.request, showing).clip if showing else None

    def compare(self, prepared: Prepared, change: str, otherwise: Clip | None = None) -> Comparison:
        """Analyse the clip as it is and after `change` (`tdn.explain.changes`), which shows it as `otherwise`.

        Raises RequestError where none of the networks has the part that the change is about.
        """
        *_, before = self.analyse(prepared)
        if otherwise is not None:
            target = before.answers["tdn"].explained.target
            *_, after = self.analyse(replace(prepared, clip=otherwise, target=target))
            order = list(range(len(otherwise.frames)))
            return Comparison(change, before, after.answers, order, otherwise.centre_frames, otherwise.note)
        asked, after = parse_change(change), {}
        for role, answer in before.answers.items():
            network = self.networks.get(answer.file)
            if asked.refusal(network):
                continue
            with self.networks.using:
                found = explain(
                    network, prepared.clip, answer.explained.target, change=asked, title=answer.explained.title
                )
                after[role] = replace(answer, explained=found)
                order = frames_shown(asked, network)
        if not after:
            raise RequestError(change_text.no_such_part(change))
        return Comparison(change, before, after, order)

    def write_bundle(self, kept: Kept, folder: Path) -> None:
        """The files of `tdn.show.bundle.write_bundle` in `folder`."""
        answers = kept.analysis.answers
        write_bundle(
            folder,
            kept.clip,
            kept.analysis.file_name,
            {role: self.networks.get(answer.file) for role, answer in answers.items()},
            {role: answer.explained for role, answer in answers.items()},
            {role: self.networks.path_of(answer.file) for role, answer in answers.items()},
        )

    def _pass(self, file: str, network: Network, prepared: Prepared) -> ForwardPass:
        """The forward pass of a clip in one network, kept for a while; a network must be lent.

        Two visitors share a pass only if they sent the same.
        """
        if not PASSES_KEPT:
            return ForwardPass(network, prepared.clip.tensor, LAYERS)
        key = file, prepared.digest
        found = self._passes.get(key)
        if found is None:
            found = ForwardPass(network, prepared.clip.tensor, LAYERS)
            self._passes.put(key, found)
        return found


def _sure_above(network: Network) -> float | None:
    """The probability from which on a checkpoint's answers can be relied on; None where it was never measured."""
    card = getattr(network.module, "card", None)
    return (card.accuracy or {}).get("sure_above") if card else None


def _class_index(network: Network, target: str | None) -> int | None:
    if target is None:
        return None
    try:
        return find_label(network.labels, target)
    except ValueError as error:
        raise RequestError(str(error)) from None


def _expect_same_clip(request: Request, tdn: Network, baseline: Network) -> None:
    """Both networks must take the same frames and pixels and know the same classes: one clip is read for both."""
    if not reads_alike(tdn, baseline):
        raise RequestError(text.other_frames(request.tdn, request.baseline))
    if set(tdn.labels) != set(baseline.labels):
        raise RequestError(text.other_classes(request.tdn, request.baseline))
