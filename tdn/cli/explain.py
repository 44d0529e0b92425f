"""`explain`: maps of one clip, by one or two networks, as a folder that can be cited."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tdn.cli.options import Device


def explain(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of numbered frames.")],
    out: Annotated[Path, typer.Option(help="Folder for maps.npz, overlay.mp4, figure.png/.pdf, manifest.json.")],
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint; the shipped TDN if left out.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="A second checkpoint beside the first; left out with --checkpoint: none.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Class label or index; the first model's top class.")] = None,
    versus: Annotated[str | None, typer.Option(help="Another class, by label or index, to take off.")] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Taps to look at, by commas; for ours res1 to res4, rgb1, diff1, ...; usual: res2,final."),
    ] = None,
    method: Annotated[
        str, typer.Option(help="grad_cam, hirescam, layercam, grad_cam_pp, xgradcam or eigencam.")
    ] = "grad_cam",
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
    means for each layer, method and scale, and what it can't say.
    """
    from tdn.data.clip import load_clip
    from tdn.device import choose_device
    from tdn.explain import Question, Rule, parse_change
    from tdn.explain.classes import find_label, same_label
    from tdn.explain.explanation import explain as explained_by
    from tdn.explain.scale import SCALES
    from tdn.letters import without_font
    from tdn.networks import open_network, reads_alike
    from tdn.output import expect_writable
    from tdn.show.bundle import titles, write_bundle
    from tdn.weights.hub import local_checkpoint
    from tdn.weights.shipped import shipped_pair

    if scale not in SCALES:
        raise ValueError(f"--scale {scale}: expected one of {', '.join(SCALES)}")
    rule = Rule(method, weights, signed)
    expect_writable(out)
    shipped_tdn, shipped_baseline = shipped_pair()
    files = {"tdn": local_checkpoint(checkpoint or shipped_tdn)}
    if baseline is not None or checkpoint is None:
        files["baseline"] = local_checkpoint(baseline or shipped_baseline)
    where = choose_device(device)
    networks = {role: open_network(path, where) for role, path in files.items()}
    tdn = networks["tdn"]
    # By its label: another network may count its classes otherwise.
    other_class = None if versus is None else tdn.labels[find_label(tdn.labels, versus)]
    question = Question(
        layers=None if layers is None else tuple(layers.split(",")),
        rule=rule,
        versus=other_class,
        scale=scale,
    )
    clip = load_clip(video, tdn, speed=speed)
    chosen = None if target is None else find_label(tdn.labels, target)
    names = titles(
        {role: network.title for role, network in networks.items()},
        {role: path.name for role, path in files.items()},
    )
    explained = {"tdn": explained_by(tdn, clip, chosen, question, title=names["tdn"])}
    if "baseline" in networks:
        other = networks["baseline"]
        same_class = same_label(other.labels, explained["tdn"].label)
        if same_class is None:
            typer.echo(
                f"{names['baseline']} has no class {explained['tdn'].label!r}; its own top class it is", err=True
            )
        own = clip if reads_alike(tdn, other) else load_clip(video, other, speed=speed)
        found = explained_by(other, own, same_class, question, title=names["baseline"])
        explained["baseline"] = found if own is clip else replace(found, pictures=own.centre_frames)
    changes = {
        one.name: {
            role: explained_by(networks[role], clip, before.target, question, one, video, before.title)
            for role, before in explained.items()
            if not one.refusal(networks[role])
        }
        for one in map(parse_change, change or [])
    }
    for note in clip.notes:
        typer.echo(f"{video.name}: {note}", err=True)
    for note in dict.fromkeys(f"{name}: {one.note}" for name, after in changes.items() for one in after.values()):
        if not note.endswith(": "):
            typer.echo(note, err=True)
    write_bundle(out, clip, video.name, networks, explained, files, question, changes, video if timeline else None)
    if strange := without_font(video.name + explained["tdn"].label):
        typer.echo(f"no font on this machine has {', '.join(strange)}; written as numbers in the pictures", err=True)
    typer.echo(f"{explained['tdn'].label}: wrote {out}", err=True)
