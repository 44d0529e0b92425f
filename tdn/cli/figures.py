"""`figures`: the paper's pictures of maps, for any list of videos."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tdn.cli.options import Device, Method

if TYPE_CHECKING:
    from tdn.networks import Network

KINDS = ("4", "5", "6")


def figures(
    videos: Annotated[list[Path], typer.Argument(help="Videos or folders of frames, one block of rows each.")],
    out: Annotated[Path, typer.Option(help="Folder for figure-KIND.png (300 dpi) and figure-KIND.pdf.")],
    kind: Annotated[
        str,
        typer.Option(
            help="4: a centre frame of each video, baseline against TDN. 5: Res2, baseline against S-TDM only. "
            "6: all segments in three rows (Figures 6 and 7)."
        ),
    ] = "4",
    checkpoint: Annotated[
        str | None, typer.Option(help="Another network than TDN, as `python -m tdn networks` names them.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="Another one than the baseline, in the rows above.")] = None,
    layer: Annotated[str | None, typer.Option(help="Another layer than the paper's: res2 for 5, else final.")] = None,
    baseline_layer: Annotated[
        str | None, typer.Option(help="That of the baseline, where its layers have other names.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Class of all videos; each one's top class if left out.")] = None,
    method: Method = "grad_cam",
    scale: Annotated[str, typer.Option(help="clip, shared (by the models) or frame (contrast only).")] = "clip",
    colours: Annotated[str, typer.Option(help="inferno, viridis, magma, or 'jet (paper look)'.")] = "inferno",
    device: Device = None,
) -> None:
    """The paper's figures 4, 5 and 6/7 with the shipped networks: maps of a baseline beside TDN or S-TDM only.

    Any two networks may take their places; each reads the video by its own rule.
    """
    from tdn.data.clip import load_clip
    from tdn.device import choose_device
    from tdn.explain import Question
    from tdn.explain.classes import find_label, same_label
    from tdn.explain.explanation import explain
    from tdn.explain.methods import Rule
    from tdn.explain.scale import SCALES
    from tdn.letters import save_figure
    from tdn.networks import open_network, reads_alike, resolved
    from tdn.output import expect_writable
    from tdn.show.map_rows import titles
    from tdn.show.overlay import colour_table
    from tdn.show.paper_figures import Block, all_segments, one_frame_each
    from tdn.weights.shipped import S_TDM_FILE, checkpoint_folder, shipped_pair

    if kind not in KINDS:
        raise ValueError(f"--kind {kind}: expected {', '.join(KINDS)}")
    if scale not in SCALES:
        raise ValueError(f"--scale {scale}: expected one of {', '.join(SCALES)}")
    colour_table(colours)
    expect_writable(out)
    shipped_tdn, shipped_baseline = shipped_pair()
    second = checkpoint_folder() / S_TDM_FILE if kind == "5" else shipped_tdn
    where = choose_device(device)
    sources = [resolved(baseline or shipped_baseline), resolved(checkpoint or second)]
    first, second = (open_network(source, where) for source in sources)
    told = titles({"baseline": first.title, "tdn": second.title}, {"baseline": sources[0], "tdn": sources[1]})
    questions = [
        Question(layers=(wanted or usual_layer(network, kind),), rule=Rule(method), scale=scale)
        for network, wanted in ((first, baseline_layer or (layer if layer in first.taps else None)), (second, layer))
    ]
    blocks = []
    for video in videos:
        clip = load_clip(video, second)
        wanted = None if target is None else find_label(second.labels, target)
        ours = explain(second, clip, wanted, questions[1], title=told["tdn"])
        same = same_label(first.labels, ours.label)
        if same is None:
            typer.echo(f"{told['baseline']} has no class {ours.label!r}; its own top class it is", err=True)
        own = clip if reads_alike(first, second) else load_clip(video, first)
        theirs = explain(first, own, same, questions[0], title=told["baseline"])
        blocks.append(Block(video.name, clip, (theirs if own is clip else theirs.over(own), ours)))
    figure = (all_segments if kind == "6" else one_frame_each)(blocks, questions[1], colours)
    for suffix in ("png", "pdf"):
        save_figure(figure, out / f"figure-{kind}.{suffix}", dpi=300)
    typer.echo(f"wrote {out / f'figure-{kind}.png'} and .pdf", err=True)


def usual_layer(network: "Network", kind: str) -> str:
    """Ours by the paper's names, of any other network an early one for figure 5, else the last of those shown."""
    if network.family in ("tdn", "segments"):
        return "res2" if kind == "5" else "final"
    return network.layers[0] if kind == "5" else network.layers[-1]
