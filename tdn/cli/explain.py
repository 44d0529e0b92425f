"""`explain`: maps of one clip, by one or two networks, as a folder that can be cited."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tdn.cli.options import Device, Method

if TYPE_CHECKING:
    from tdn.explain import Change, Question
    from tdn.networks import Network


def explain(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of numbered frames.")],
    out: Annotated[Path, typer.Option(help="Folder for maps.npz, overlay.mp4, figure.png/.pdf, manifest.json.")],
    checkpoint: Annotated[
        str | None, typer.Option(help="A network, as `python -m tdn networks` names them; the shipped TDN if left out.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="A second one beside it; left out with --checkpoint: none.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Class label or index; the first model's top class.")] = None,
    versus: Annotated[str | None, typer.Option(help="Another class, by label or index, to take off.")] = None,
    baseline_target: Annotated[
        str | None,
        typer.Option(help="Class of the second network; left out, the one of that name, else its own top class."),
    ] = None,
    baseline_versus: Annotated[
        str | None, typer.Option(help="Another class of the second network to take off.")
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Taps to look at, by commas; for ours res1 to res4, rgb1, diff1, ...; usual: res2,final."),
    ] = None,
    method: Method = "grad_cam",
    weights: Annotated[
        str | None, typer.Option(help="Of channels: for each frame, as usual for segments, or one for the clip.")
    ] = None,
    signed: Annotated[bool, typer.Option("--signed", help="Keep evidence against the class too.")] = False,
    scale: Annotated[str, typer.Option(help="clip, shared (by the models) or frame (contrast only).")] = "clip",
    change: Annotated[
        list[str] | None,
        typer.Option(
            help="Also after a change: 'freeze windows', reverse, 'S-TDM off', 'repeat 7', 'first 50%', 'speed 2', "
            "...; repeatable."
        ),
    ] = None,
    speed: Annotated[float, typer.Option(help="Show the video this many times as fast.")] = 1.0,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Also write timeline.mp4: the first map over every frame, interpolated.")
    ] = False,
    device: Device = None,
) -> None:
    """Grad-CAM maps at Res2 and the final stage, of a TDN and beside it a baseline, for one class.

    A map says where in each segment the evidence for the class lies at that layer. docs/explaining.md says what that
    means for each layer, method and scale, and what it can't say; docs/networks.md, for other networks than ours.

    \b
    explain clip.mp4 --out result
    explain clip.mp4 --out result --checkpoint torchvision:r2plus1d_18 --layers layer2,layer4
    explain clip.mp4 --out result --checkpoint checkpoints/tdn_small_8f.safetensors --baseline my_module.py:build
    """
    from tdn.data.clip import load_clip
    from tdn.device import choose_device
    from tdn.explain import Question, Rule, parse_change
    from tdn.explain.classes import find_label
    from tdn.explain.explanation import explain as explained_by
    from tdn.explain.scale import SCALES
    from tdn.letters import without_font
    from tdn.networks import open_network, reads_alike, resolved
    from tdn.output import expect_writable
    from tdn.show.bundle import write_bundle
    from tdn.show.map_rows import titles
    from tdn.weights.shipped import shipped_pair

    if scale not in SCALES:
        raise ValueError(f"--scale {scale}: expected one of {', '.join(SCALES)}")
    rule = Rule(method, weights, signed)
    expect_writable(out)
    shipped_tdn, shipped_baseline = shipped_pair()
    sources = {"tdn": resolved(checkpoint or shipped_tdn)}
    if baseline is not None or checkpoint is None:
        sources["baseline"] = resolved(baseline or shipped_baseline)
    where = choose_device(device)
    networks = {role: open_network(source, where) for role, source in sources.items()}
    names = titles({role: network.title for role, network in networks.items()}, sources)
    tdn = networks["tdn"]
    # By its label: another network may count its classes otherwise.
    other_class = None if versus is None else tdn.labels[find_label(tdn.labels, versus)]
    question = Question(
        layers=None if layers is None else tuple(layers.split(",")),
        rule=rule,
        versus=other_class,
        scale=scale,
    )
    for layer in question.layers or ():
        if not any(layer in network.taps for network in networks.values()):
            known = "; or of ".join(f"{names[role]}: {', '.join(network.taps)}" for role, network in networks.items())
            raise ValueError(f"--layers {layer!r}: expected one of {known}")
    clip = load_clip(video, tdn, speed=speed)
    clips, questions = {"tdn": clip}, {"tdn": question}
    chosen = None if target is None else find_label(tdn.labels, target)
    explained = {"tdn": explained_by(tdn, clip, chosen, question, title=names["tdn"])}
    if "baseline" in networks:
        other = networks["baseline"]
        clips["baseline"] = clip if reads_alike(tdn, other) else load_clip(video, other, speed=speed)
        second, questions["baseline"] = _for_the_second(
            other, names["baseline"], explained["tdn"].label, question, baseline_target, baseline_versus
        )
        explained["baseline"] = explained_by(
            other, clips["baseline"], second, questions["baseline"], title=names["baseline"]
        )
    changes = {}
    for one in map(parse_change, change or []):
        able = _able(one, networks, names)
        changes[one.name] = {
            role: explained_by(networks[role], clips[role], before.target, questions[role], one, video, before.title)
            for role, before in explained.items()
            if role in able
        }
    for found in (explained, *changes.values()):
        for role in found:
            found[role] = found[role] if clips[role] is clip else found[role].over(clips[role])
    for note in clip.notes:
        typer.echo(f"{video.name}: {note}", err=True)
    for note in dict.fromkeys(f"{name}: {one.note}" for name, after in changes.items() for one in after.values()):
        if not note.endswith(": "):
            typer.echo(note, err=True)
    for role, one in explained.items():
        for sentence in filter(None, (networks[role].note, *map(one.silence, one.signed))):
            typer.echo(f"{names[role]}: {sentence}", err=True)
    write_bundle(out, clip, video.name, networks, explained, sources, question, changes, video if timeline else None)
    if strange := without_font(video.name + explained["tdn"].label):
        typer.echo(f"no font on this machine has {', '.join(strange)}; written as numbers in the pictures", err=True)
    typer.echo(f"{explained['tdn'].label}: wrote {out}", err=True)


def _for_the_second(
    network: "Network", name: str, label: str, question: "Question", target: str | None, versus: str | None
) -> "tuple[int | None, Question]":
    """The class that the second network is asked for, None for its own answer, and its question.

    `label` is the first network's class; `target` and `versus` are what the person wants here. What it does not know is
    said.
    """
    from tdn.explain.classes import find_label, same_label

    chosen = same_label(network.labels, label) if target is None else find_label(network.labels, target)
    if chosen is None:
        typer.echo(f"{name} has no class {label!r}; its own top class it is", err=True)
    if versus is not None:
        return chosen, replace(question, versus=network.labels[find_label(network.labels, versus)])
    less = None if question.versus is None else same_label(network.labels, question.versus)
    if question.versus is not None and less is None:
        typer.echo(f"{name} has no class {question.versus!r}; nothing is taken off its score", err=True)
    return chosen, replace(question, versus=None if less is None else network.labels[less])


def _able(change: "Change", networks: "dict[str, Network]", names: dict[str, str]) -> set[str]:
    """The networks, by role, that can be asked after a change; why one can't is said.

    Raises ValueError with the reason where none can.
    """
    refused = {role: reason for role, network in networks.items() if (reason := change.refusal(network))}
    if len(refused) == len(networks):
        raise ValueError(f"--change {next(iter(refused.values()))}")
    for role, reason in refused.items():
        typer.echo(f"{names[role]}: {reason}", err=True)
    return set(networks) - set(refused)
