"""A request in, an analysis out: the page's only door to torch. Knows nothing of Gradio."""

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from app import text
from app.analysis import Analysis, Answer, Comparison, Kept, Prepared, Request, RequestError
from app.own_weights import Brought, OwnWeights
from app.server.sweeping import is_upload
from app.server.zero import ON_ZERO_GPU
from tdn.data.clip import Clip, Pictures
from tdn.data.film import AS_FILMED, Showing
from tdn.data.transforms import denormalise
from tdn.data.video import VideoInfo
from tdn.data.worker import DecodingWorker
from tdn.device import choose_device
from tdn.explain import ForwardPass, explain, parse_change
from tdn.explain.changes import frames_shown
from tdn.explain.classes import find_label
from tdn.explain.explanation import explanation
from tdn.explain.strobe import Step, curve
from tdn.model import TDN
from tdn.model.inference import inference_copy
from tdn.networks import Network, as_network
from tdn.networks.tdn import LAYERS
from tdn.show.bundle import titles, write_bundle
from tdn.weights import Card, CheckpointError, load_model, read_card
from tdn.weights.store import SHARD

# Networks kept in memory; the oldest makes room. ResNet-101 takes 170 MB.
MODELS_KEPT = 4
OWN_MODELS_KEPT = 2
# Analyses kept for their numbers and files: some 12 MB each for ResNet-50, twice that at 16 segments.
ANALYSES_KEPT = 24
# Forward passes kept for the maps of further classes: half a gigabyte each for ResNet-50 at 224 pixels. On ZeroGPU an
# analysis runs in a process that ends with it, so nothing can be kept.
PASSES_KEPT = 0 if ON_ZERO_GPU else 4

log = logging.getLogger(__name__)


class Explainer:
    """Reads checkpoints from `folder` and runs them on one device, one analysis at a time.

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
        self.folder = folder
        self.device = choose_device(device)
        self.max_seconds = max_seconds
        self.max_mb = max_mb
        self.own = own
        self.keep_minutes = keep_minutes
        self._models: dict[str, TDN] = {}
        self._own_models: OrderedDict[tuple[Path, str], TDN] = OrderedDict()
        self._loading = threading.Lock()
        self._using = threading.Lock()
        self._passes: OrderedDict[tuple[str, str], ForwardPass] = OrderedDict()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._kept_for_good: dict[str, Kept] = {}
        self._keeping = threading.Lock()

    def cards(self) -> dict[str, Card]:
        """The checkpoints of the folder, by file name; files that are not ours are left out and logged."""
        cards = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            shard = SHARD.search(path.stem)
            if shard and int(shard.group(1)) != 1:
                continue
            try:
                cards[path.name] = read_card(path)
            except (CheckpointError, FileNotFoundError) as error:
                log.warning("not offered: %s", error)
        return cards

    def load(self, *files: str) -> None:
        """Read networks before somebody asks for them. Raises as `prepare` does."""
        for file in files:
            self._model(file)

    def prepare(self, request: Request, showing: Showing = AS_FILMED) -> Prepared:
        """Load the networks and read the clip, shown as `showing` says; every error of the visitor's comes from here.

        Raises RequestError, tdn.data.video.VideoError, CheckpointError or FileNotFoundError, each with one sentence.
        """
        path = self._expect_small(request.video)
        for name in (request.tdn, request.baseline):
            brought = self._brought(name)
            if brought is not None and brought.visitor != request.visitor:
                raise RequestError(text.unknown_checkpoint(name))
        tdn = self._model(request.tdn)
        target = _class_index(tdn, request.target)
        if request.baseline:
            _expect_same_clip(request, tdn, self._model(request.baseline))
        clip = self.decoder.load_clip(path, tdn, **asdict(showing))
        self._expect_short(clip.info)
        return Prepared(request, clip, target)

    def read_showings(self, request: Request, showings: Sequence[Showing], display_short_side: int) -> Pictures:
        """A clip shown in several ways, read once, for the network `tdn` of the request and those that read the same.

        Raises as `prepare` does.
        """
        path = self._expect_small(request.video)
        pictures = self.decoder.read_pictures(path, self._model(request.tdn), showings, display_short_side)
        self._expect_short(pictures.info)
        return pictures

    def strobe(self, files: Sequence[str], pictures: Pictures) -> Iterator[Step]:
        """`tdn.explain.strobe.curve` of the networks of these checkpoints, with room for others between two steps."""
        running = curve({file: self._model(file) for file in files}, pictures)
        while True:
            with self._using:
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
        models = {role: self._model(file) for role, file in files.items() if file}
        networks = {role: as_network(model) for role, model in models.items()}
        names = titles({role: network.title for role, network in networks.items()}, files)
        with self._using:
            passes = {role: self._pass(files[role], network, prepared) for role, network in networks.items()}
        target = int(passes["tdn"].logits[0].argmax()) if prepared.target is None else prepared.target
        label = models["tdn"].labels[target]
        answers, asked, clip = {}, {}, prepared.clip
        for role, model in models.items():
            # The same class for both; its index may differ where the labels stand in another order.
            asked[role] = (networks[role], clip, passes[role], model.labels.index(label))
            sure_above = (model.card.accuracy or {}).get("sure_above")
            found = explanation(*asked[role], layers=LAYERS[-1:], title=names[role])
            answers[role] = Answer(files[role], found, sure_above)
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
        with self._using:
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
            network = as_network(self._model(answer.file))
            if asked.refusal(network):
                continue
            with self._using:
                found = explain(
                    network, prepared.clip, answer.explained.target, change=asked, title=answer.explained.title
                )
                after[role] = replace(answer, explained=found)
                order = frames_shown(asked, network)
        if not after:
            raise RequestError(text.no_such_part(change))
        return Comparison(change, before, after, order)

    @contextmanager
    def lent(self, file: str) -> Iterator[TDN]:
        """The network of a checkpoint, to one caller at a time; it must come back as it was."""
        model = self._model(file)
        with self._using:
            yield model

    def remember(self, analysis: Analysis, prepared: Prepared, for_good: bool = False) -> str:
        """Keep a finished analysis for a while, or `for_good`, under a name that can't be guessed."""
        clip = prepared.clip
        kept = Kept(analysis, Path(prepared.request.video), clip.info, denormalise(clip.tensor[0]))
        token = secrets.token_urlsafe(16)
        with self._keeping:
            if for_good:
                self._kept_for_good[token] = kept
                return token
            self._kept[token] = kept
            while len(self._kept) > ANALYSES_KEPT:
                self._kept.popitem(last=False)
        return token

    def recall(self, token: str) -> Kept:
        """What `remember` kept. Raises RequestError once it has made room for later ones."""
        with self._keeping:
            kept = self._kept_for_good.get(token) or self._kept.get(token)
        if kept is None:
            raise RequestError(text.RESULT_GONE)
        return kept

    def write_bundle(self, kept: Kept, folder: Path) -> None:
        """The files of `tdn.show.bundle.write_bundle` in `folder`."""
        answers = kept.analysis.answers
        write_bundle(
            folder,
            kept.clip,
            kept.analysis.file_name,
            {role: as_network(self._model(answer.file)) for role, answer in answers.items()},
            {role: answer.explained for role, answer in answers.items()},
            {role: self.path_of(answer.file) for role, answer in answers.items()},
        )

    def _pass(self, file: str, network: Network, prepared: Prepared) -> ForwardPass:
        """The forward pass of a clip in one network, kept for a while; the lock `_using` must be held.

        Two visitors share a pass only if they sent the same.
        """
        key = file, prepared.digest
        if key not in self._passes:
            made = ForwardPass(network, prepared.clip.tensor, LAYERS)
            if not PASSES_KEPT:
                return made
            self._passes[key] = made
            while len(self._passes) > PASSES_KEPT:
                self._passes.popitem(last=False)
        self._passes.move_to_end(key)
        return self._passes[key]

    def _model(self, name: str) -> TDN:
        """The network of a checkpoint in the folder, read once however many ask for it at the same time; or of one that
        a visitor brought, which `prepare` has let pass.
        """
        if brought := self._brought(name):
            return self._own_model(brought)
        found = self._models.get(name)  # before the lock: a ZeroGPU worker is a fork, perhaps with the lock taken
        if found is not None:
            return found
        with self._loading:
            if name not in self._models:
                if name not in self.cards():
                    raise RequestError(text.unknown_checkpoint(name))
                model = inference_copy(load_model(self.path_of(name), self.device))
                if len(self._models) >= MODELS_KEPT:
                    del self._models[next(iter(self._models))]
                self._models[name] = model
            return self._models[name]

    def is_own(self, name: str | None) -> bool:
        """Whether a checkpoint is one that a visitor brought."""
        return self._brought(name) is not None

    def path_of(self, name: str) -> Path:
        """Where a checkpoint lies, the folder's or a visitor's."""
        brought = self._brought(name)
        return brought.path if brought else self.folder / name

    def _brought(self, name: str | None) -> Brought | None:
        return self.own.find(name) if self.own and name else None

    def _own_model(self, brought: Brought) -> TDN:
        """Kept apart from those of the folder, so that no visitor's files push out what everyone uses."""
        key = brought.path, brought.digest
        found = self._own_models.get(key)  # before the lock, as above
        if found is not None:
            return found
        with self._loading:
            if key not in self._own_models:
                model = inference_copy(load_model(brought.path, self.device))
                while len(self._own_models) >= OWN_MODELS_KEPT:
                    self._own_models.popitem(last=False)
                self._own_models[key] = model
            return self._own_models[key]


def _class_index(model: TDN, target: str | None) -> int | None:
    if target is None:
        return None
    try:
        return find_label(model.labels, target)
    except ValueError as error:
        raise RequestError(str(error)) from None


def comparable(one: Card, other: Card) -> bool:
    """Whether one clip can be shown to both networks, and the same class asked of both."""
    reads = [(card.preprocess, card.architecture.num_segments, card.architecture.window) for card in (one, other)]
    return reads[0] == reads[1] and set(one.labels) == set(other.labels)


def _expect_same_clip(request: Request, tdn: TDN, baseline: TDN) -> None:
    """Both networks must take the same frames and pixels and know the same classes: one clip is read for both."""
    if (tdn.preprocess, tdn.num_segments, tdn.window) != (baseline.preprocess, baseline.num_segments, baseline.window):
        raise RequestError(text.other_frames(request.tdn, request.baseline))
    if set(tdn.labels) != set(baseline.labels):
        raise RequestError(text.other_classes(request.tdn, request.baseline))
