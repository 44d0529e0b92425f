"""Scores of a data set, written once; every number is computed from them. Rules of the released `pkl_to_results.py`.

A score file (.npz) holds the raw logits of every view, so that no number needs the network again: accuracy by clip,
by class, of one view, of two networks together.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tdn.lfs import expect_no_pointer

# Raise it when a field changes its meaning.
FORMAT = 1


@dataclass
class Scores:
    """What a network said about each clip of a data set.

    `ids` n names, each once. `labels` int64 [n], places in `class_names` (K, in the order of the logits). `logits`
    float32 [n, V, K], one row for each view, clips before crops. `protocol` says in words how the views were taken.
    `missing` names the clips that could not be read: they are in none of the numbers. `checkpoint` is the SHA-256 of
    the weights' file, `data` the name of the data set; "" where unknown.

    Raises ValueError where these do not fit each other or a logit is not finite.
    """

    ids: list[str]
    labels: np.ndarray
    logits: np.ndarray
    class_names: list[str]
    protocol: str
    missing: list[str] = field(default_factory=list)
    checkpoint: str = ""
    data: str = ""

    def __post_init__(self) -> None:
        self.labels = np.asarray(self.labels, np.int64)
        self.logits = np.asarray(self.logits, np.float32)
        count, num_classes = len(self.ids), len(self.class_names)
        shape = self.logits.shape
        if len(shape) != 3 or (shape[0], shape[2]) != (count, num_classes) or shape[1] < 1:
            raise ValueError(f"logits: expected [{count}, V, {num_classes}], got {list(shape)}")
        if self.labels.shape != (count,):
            raise ValueError(f"labels: expected [{count}], got {list(self.labels.shape)}")
        if (twice := first_repeated(self.ids)) is not None:
            raise ValueError(f"the clip {twice} stands twice among the scores; give every clip a name of its own")
        for place in np.flatnonzero((self.labels < 0) | (self.labels >= num_classes))[:1]:
            raise ValueError(f"{self.ids[place]}: label {self.labels[place]}, expected 0 to {num_classes - 1}")
        for place in np.flatnonzero(~np.isfinite(self.logits).all((1, 2)))[:1]:
            raise ValueError(f"{self.ids[place]}: the network's scores are not finite numbers")

    def __len__(self) -> int:
        return len(self.ids)

    def save(self, path: str | Path) -> None:
        """Write the score file, whole or not at all; the folder is made. Raises ValueError for a name without .npz."""
        path = Path(path)
        if path.suffix != ".npz":
            raise ValueError(f"{path}: expected a name ending in .npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {"format": FORMAT, "protocol": self.protocol, "checkpoint": self.checkpoint, "data": self.data}
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                ids=np.array(self.ids, np.str_),
                labels=self.labels,
                logits=self.logits,
                class_names=np.array(self.class_names, np.str_),
                missing=np.array(self.missing, np.str_),
                about=np.array(json.dumps(about)),
            )
        partial.replace(path)

    @classmethod
    def load(cls, path: str | Path) -> "Scores":
        """Undo `save`. Raises FileNotFoundError, or ValueError when the file is not a whole score file."""
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such score file; `python -m tdn evaluate` writes one")
        expect_no_pointer(path)
        try:
            # Never unpickled: a score file comes from anywhere.
            with np.load(path, allow_pickle=False) as stored:
                about = json.loads(str(stored["about"]))
                if about["format"] != FORMAT:
                    raise ValueError(f"format {about['format']}, this version reads format {FORMAT}")
                return cls(
                    ids=stored["ids"].tolist(),
                    labels=stored["labels"],
                    logits=stored["logits"],
                    class_names=stored["class_names"].tolist(),
                    protocol=about["protocol"],
                    missing=stored["missing"].tolist(),
                    checkpoint=about["checkpoint"],
                    data=about["data"],
                )
        except (ValueError, KeyError, TypeError, OSError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{path.name}: not a whole score file of `python -m tdn evaluate` ({' '.join(str(error).split())})"
            ) from None

    def mean_probabilities(self) -> np.ndarray:
        """Mean over views of the softmax: float64 [n, K]. Source: released `pkl_to_results.py:65-67`, `:79-81`."""
        return softmax(self.logits).mean(1)

    def top_k(self, k: int) -> float:
        """Percent of clips whose class is among the `k` likeliest."""
        return top_k_accuracy(self.mean_probabilities(), self.labels, k)

    def per_class(self) -> dict[str, float]:
        """Percent of each class's clips that are recognised; classes without clips are left out."""
        return per_class_accuracy(self.mean_probabilities(), self.labels, self.class_names)

    def confusion(self) -> np.ndarray:
        """Clips by class and answer: int64 [K true, K said]."""
        table = np.zeros((len(self.class_names),) * 2, np.int64)
        np.add.at(table, (self.labels, self.mean_probabilities().argmax(1)), 1)
        return table


def softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float64."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(-1, keepdims=True)
    np.exp(shifted, out=shifted)
    return shifted / shifted.sum(-1, keepdims=True)


def top_k_accuracy(scores: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Percent of rows of `scores` [n, K] with their label among the `k` highest; among equals the first class leads.

    With fewer than `k` classes it is 100. Raises ValueError when there are no rows.
    """
    if not len(labels):
        raise ValueError("no clip was evaluated, so there is no accuracy")
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return 100 * float((best == np.asarray(labels)[:, None]).any(1).mean())


def per_class_accuracy(scores: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> dict[str, float]:
    """Percent of the rows of each class whose highest score is their own, in the order of `class_names`."""
    right = scores.argmax(1) == labels
    return {class_names[c]: 100 * float(right[labels == c].mean()) for c in np.unique(labels).tolist()}


def numbers(scores: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> dict:
    """All that is reported of `scores` [n, K]: {top1, top5, clips, per_class}, in percent."""
    return {
        "top1": top_k_accuracy(scores, labels, 1),
        "top5": top_k_accuracy(scores, labels, 5),
        "clips": len(labels),
        "per_class": per_class_accuracy(scores, labels, class_names),
    }


def label_order_warning(scores: Scores) -> str:
    """A sentence where the scores look like those of labels in another order; "" where they do not.

    Below twice chance on more than 50 clips of at least 50 classes a network has either learned nothing or its
    outputs stand for other classes than the labels say.
    """
    num_classes = len(scores.class_names)
    if num_classes < 50 or len(scores) <= 50 or scores.top_k(1) >= 200 / num_classes:
        return ""
    return (
        f"top-1 is {scores.top_k(1):.2f}%, below twice chance ({200 / num_classes:.2f}%): the classes are probably in "
        f"another order in the weights than in the data. The released Something-Something weights count the class "
        f"names sorted by alphabet, the shipped V1 label file does not; name the classes in the order of the weights "
        f"with `python -m tdn convert --labels`."
    )


def first_repeated(names: Sequence[str]) -> str | None:
    """The first name that stood before, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
