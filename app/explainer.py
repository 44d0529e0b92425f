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
from app.timeline import Moments
from tdn.data.clip import Pictures
from tdn.data.film import AS_FILMED, Showing
from tdn.data.video import VideoInfo
from tdn.data.worker import DecodingWorker
from tdn.explain import ForwardPass, explain, parse_change
from tdn.explain.changes import frames_shown
from tdn.explain.classes import find_label, same_label
from tdn.explain.explanation import Question, explanation
from tdn.explain.methods import Rule
from tdn.explain.strobe import Step, curve
from tdn.networks import Network, reads_alike
from tdn.show.bundle import write_bundle
from tdn.show.map_rows import titles

# Forward passes kept for the maps of further classes: half a gigabyte each for ResNet-50 at 224 pixels. On ZeroGPU an
# analysis runs in a process that ends with it, so nothing can be kept.
PASSES_KEPT = 0 if ON_ZERO_GPU else 4


class Explainer:
    """Answers requests with the `networks` of a folder and with `others`, one analysis at a time; keeps `results`.

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
        others: Sequence[str] = (),
    ):
        self.decoder = decoder or DecodingWorker()  # first: it starts while the rest is loaded
        self.networks = Networks(folder, device, own, others)
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
        networks = self._networks(request)
        tdn = networks["tdn"]
        target, other_target = _class_indices(networks, request.target)
        _question(request, tdn, tdn)
        clips = {"tdn": self.decoder.load_clip(path, tdn, **asdict(showing))}
        self._expect_short(clips["tdn"].info)
        if other := networks.get("baseline"):
            alike = reads_alike(tdn, other)
            clips["baseline"] = clips["tdn"] if alike else self.decoder.load_clip(path, other, **asdict(showing))
        return Prepared(request, clips, target, other_target)

    def _networks(self, request: Request) -> dict[str, Network]:
        """The networks of a request by role; they are loaded."""
        files = {"tdn": request.tdn, "baseline": request.baseline}
        return {role: self.networks.get(file) for role, file in files.items() if file}

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
        """Yield the analysis twice: with predictions and the maps of the last layer, then with the others' too.

        The last layer's are a closed form for most networks; the others need a backward pass.
        """
        files = {"tdn": prepared.request.tdn, "baseline": prepared.request.baseline}
        networks = self._networks(prepared.request)
        names = titles({role: network.title for role, network in networks.items()}, files)
        with self.networks.using:
            passes = {role: self._pass(role, network, prepared) for role, network in networks.items()}
        target = int(passes["tdn"].logits[0].argmax()) if prepared.target is None else prepared.target
        label = networks["tdn"].labels[target]
        shared = Moments.of(prepared.clip)
        answers, asked, notes = {}, {}, [prepared.clip.note]
        for role, network in networks.items():
            clip = prepared.clips[role]
            # The same class for both; its index may differ where the labels stand in another order.
            wanted = target if role == "tdn" else prepared.other_target
            if wanted is None:
                wanted = same_label(network.labels, label)
            if wanted is None:
                notes.append(text.no_such_class(names[role], label))
                wanted = int(passes[role].logits[0].argmax())
            question = _question(prepared.request, networks["tdn"], network)
            if prepared.request.versus and not question.versus:
                notes.append(text.no_such_class(names[role], prepared.request.versus))
            asked[role] = (network, clip, passes[role], wanted, question)
            with self.networks.using:
                found = explanation(*asked[role], layers=network.layers[-1:], title=names[role])
            answers[role] = Answer(
                files[role],
                found,
                shared if clip is prepared.clip else Moments.of(clip),
                {layer: network.taps[layer].title or layer for layer in network.layers},
                **{name: _measured(network, name) for name in ("sure_above", "known_above")},
                has_s_tdm="S-TDM" in network.parts,
            )
            notes.append(f"{names[role]}: {network.note}" if network.note else "")
        quick = Analysis(prepared.clip.info.name, label, answers, " ".join(filter(None, notes)))
        yield quick
        with self.networks.using:
            answers = {
                role: replace(answer, explained=explanation(*asked[role], title=names[role]))
                for role, answer in answers.items()
            }
        yield replace(quick, answers=answers)

    def shown_otherwise(self, prepared: Prepared, change: str) -> Prepared | None:
        """The clip as a change like "repeat 7" shows it, read anew; None for changes of what is there.

        Raises as `prepare` does.
        """
        try:
            asked = parse_change(change)
            showing = Showing(**asked.showing(prepared.clip.showing)) if asked.kind == "video" else None
        except ValueError as error:
            raise RequestError(str(error)) from None
        return self.prepare(prepared.request, showing) if showing else None

    def compare(self, prepared: Prepared, change: str, otherwise: Prepared | None = None) -> Comparison:
        """Analyse the clip as it is and after `change` (`tdn.explain.changes`), which shows it as `otherwise`.

        Raises RequestError where none of the networks has the part that the change is about.
        """
        *_, before = self.analyse(prepared)
        if otherwise is not None:
            targets = [answer.explained.target for answer in before.answers.values()]
            *_, after = self.analyse(replace(otherwise, target=targets[0], other_target=targets[-1]))
            order = list(range(len(otherwise.clip.frames)))
            return Comparison(change, before, after.answers, order, otherwise.clip.note)
        asked, after, refused = parse_change(change), {}, []
        moments: dict[tuple, Moments] = {}
        for role, answer in before.answers.items():
            network, explained = self.networks.get(answer.file), answer.explained
            if refusal := asked.refusal(network):
                refused.append(f"{explained.title}: {refusal}")
                continue
            with self.networks.using:
                question = _question(prepared.request, self.networks.get(prepared.request.tdn), network)
                found = explain(
                    network, prepared.clips[role], explained.target, question, change=asked, title=explained.title
                )
                order = frames_shown(asked, network)
            # One value for networks that look at the same, as before.
            looked = moments.setdefault((id(answer.moments), *order), answer.moments.shown_as(order))
            after[role] = replace(answer, explained=found, moments=looked)
        if not after:
            raise RequestError(change_text.no_such_part(change, refused))
        return Comparison(change, before, after, order, " ".join(f"{one}." for one in refused))

    def write_bundle(self, kept: Kept, folder: Path) -> None:
        """The files of `tdn.show.bundle.write_bundle` in `folder`."""
        answers = kept.analysis.answers
        explained = {role: answer.explained for role, answer in answers.items()}
        for role, answer in answers.items():
            if (own := answer.moments) is not kept.analysis.moments:
                where = {"pictures": own.pictures, "times_sec": own.times_sec, "box": own.box}
                explained[role] = replace(explained[role], **where)
        write_bundle(
            folder,
            kept.clip,
            kept.analysis.file_name,
            {role: self.networks.get(answer.file) for role, answer in answers.items()},
            explained,
            {role: self.networks.path_of(answer.file) for role, answer in answers.items()},
        )

    def _pass(self, role: str, network: Network, prepared: Prepared) -> ForwardPass:
        """The forward pass of a clip in one network, kept for a while; a network must be lent.

        Two visitors share a pass only if they sent the same.
        """
        inputs = network.arrange(prepared.clips[role].tensor)
        if not PASSES_KEPT:
            return ForwardPass(network, inputs, network.layers)
        key = prepared.request.tdn if role == "tdn" else prepared.request.baseline, prepared.digests[role]
        found = self._passes.get(key)
        if found is None:
            found = ForwardPass(network, inputs, network.layers)
            self._passes.put(key, found)
        return found


def _measured(network: Network, name: str) -> float | None:
    """What a checkpoint's card says of its validation clips; None where it was never measured."""
    card = getattr(network.module, "card", None)
    return (card.accuracy or {}).get(name) if card else None


def _question(request: Request, first: Network, network: Network) -> Question:
    """What is asked of a class in one of the networks; nothing is taken off where it lacks the other class.

    Raises RequestError for another class that the first one does not know, and for a method that there is none of.
    """
    try:
        other = None if request.versus is None else first.labels[find_label(first.labels, request.versus)]
        rule = Rule(request.method)
    except ValueError as error:
        raise RequestError(str(error)) from None
    place = None if other is None else same_label(network.labels, other)
    return Question(rule=rule, versus=None if place is None else network.labels[place])


def _class_indices(networks: dict[str, Network], target: str | None) -> tuple[int | None, int | None]:
    """The class asked for in the first network; in the second one where that alone has a class of this name."""
    if target is None:
        return None, None
    tdn, other = networks["tdn"], networks.get("baseline")
    if other is not None and same_label(tdn.labels, target) is None and target in other.labels:
        return None, list(other.labels).index(target)
    try:
        return find_label(tdn.labels, target), None
    except ValueError as error:
        raise RequestError(str(error)) from None
