"""`classify`: the likeliest classes of videos."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tdn.cli.options import Checkpoint, Device, Json, say
from tdn.words import one_line

if TYPE_CHECKING:
    import numpy as np


def classify(
    videos: Annotated[list[Path], typer.Argument(help="Video files or folders of frames.", metavar="VIDEO...")],
    checkpoint: Checkpoint = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to list.")] = 5,
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Compute scores in bfloat16: twice as fast where the processor has it.")
    ] = False,
    as_json: Json = False,
    device: Device = None,
) -> None:
    """The likeliest classes of one or more videos."""
    import torch

    from tdn.data.clip import load_clip
    from tdn.device import choose_device, has_bfloat16
    from tdn.networks import open_network, resolved
    from tdn.networks.network import device_of
    from tdn.weights.shipped import shipped_pair

    path = resolved(checkpoint or shipped_pair()[0])
    network = open_network(path, choose_device(device)).for_inference()
    if bf16:
        if not has_bfloat16(device_of(network.module)[0]):
            say("note: this device has no instructions for bfloat16; without --bf16 it is faster")
        network.module.bfloat16()
    place, precision = device_of(network.module)
    card = getattr(network.module, "card", None)
    results: list[dict[str, Any]] = []
    for video in videos:
        try:
            clip = load_clip(video, network)
        except (ValueError, FileNotFoundError) as error:
            say(f"error: {one_line(error)}")
            results.append({"video": str(video), "error": str(error)})
            continue
        with torch.inference_mode():
            inputs = network.arrange(clip.tensor).to(place, precision)
            logits = network.scores(network.module(inputs))[0].float().cpu()
        probabilities = logits.softmax(0)
        indices = probabilities.argsort(descending=True)[:top].tolist()
        results.append(
            {
                "video": str(video),
                "checkpoint": path,
                "labels": [network.labels[i] for i in indices],
                "indices": indices,
                "probabilities": [float(probabilities[i]) for i in indices],
                "logits": [float(v) for v in logits],
                "frames": clip.frames.tolist(),
                "notes": clip.notes,
            }
        )
        for note in clip.notes:
            say(f"{video.name}: {note}")
        if not as_json:
            print(f"{video}{_doubt(logits.numpy(), (card.accuracy or {}) if card else {})}")
            for label, probability in zip(results[-1]["labels"], results[-1]["probabilities"], strict=True):
                print(f"  {100 * probability:5.1f}%  {label}")
    if as_json:
        print(json.dumps(results))
    if any("error" in result for result in results):
        raise typer.Exit(2)


def _doubt(logits: "np.ndarray", accuracy: dict[str, Any]) -> str:
    """What speaks against relying on an answer, of what the checkpoint's card measured; the stronger word alone."""
    from tdn.evaluate.calibration import energy, is_sure, probability

    known_above, sure_above = accuracy.get("known_above"), accuracy.get("sure_above")
    if known_above is not None and energy(logits) < known_above:
        return ": perhaps nothing that it knows, with less evidence than 95 of 100 clips of its own kind give"
    if sure_above is not None and not is_sure(probability(logits), sure_above):
        if sure_above >= 1:
            return ": not sure, even its most probable answers were wrong too often on its own kind of clips"
        return f": not sure, below {100 * sure_above:.0f}% often wrong even on its own kind of clips"
    return ""
