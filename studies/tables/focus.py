"""Motion focus, faithfulness, and flow as a stand-in for masks."""

from collections.abc import Iterable

from studies.tables.rows import rows_of

FOCUS = ("energy_share", "mask_area", "lift", "lift_of_ceiling", "pointing", "pointing_chance", "pixel_auc")


def focus(found: dict) -> list[str]:
    def lines(means: dict) -> Iterable[tuple]:
        for role, name in (("tdn", "TDN"), ("baseline", "T-Conv")):
            for layer, numbers in means["models"][role].items():
                yield (f"{name}, {layer}", *(f"{numbers[key]:.3f}" for key in FOCUS))
        for name, numbers in means["controls"].items():
            if name != "random_weights":
                yield (name.replace("_", " "), *(f"{numbers[key]:.3f}" for key in FOCUS))
        for layer, numbers in means["controls"]["random_weights"].items():
            yield (f"random weights, {layer}", *(f"{numbers[key]:.3f}" for key in FOCUS))

    return rows_of((f"{found['clips']} clips", *(name.replace("_", " ") for name in FOCUS)), lines(found))


def focus_res2(found: dict) -> list[str]:
    head, rule, *rows = focus(found)
    return [head, rule, *(row for row in rows if "res2" in row or "frame difference" in row)]


def focus_both(found: dict) -> list[str]:
    return focus(found["both_right"])


def focus_intervals(found: dict) -> list[str]:
    def lines() -> Iterable[tuple]:
        for which, means in (("all", found), ("both right", found["both_right"])):
            for layer, numbers in means["paired"].items():
                yield (f"{which}, {layer}", *(f"{low:+.2f} to {high:+.2f}" for low, high in numbers.values()))

    names = next(iter(found["paired"].values()))
    return rows_of(("TDN less T-Conv, 95%", *(name.replace("_", " ") for name in names)), lines())


def faithful(found: dict) -> list[str]:
    """Means, and for the first three the 95% interval of the difference to places drawn by chance."""
    names = ("deletion", "insertion", "freeze_gap", "randomised_6", "randomised_4", "randomised_1")

    def cell(role: str, layer: str, name: str) -> str | None:
        value = found["faithfulness"][role][layer].get(name)
        gain = found["less_random"][role].get(layer, {}).get(name)
        return None if value is None else f"{value:+.2f}" + (f" ({gain[0]:+.2f} to {gain[1]:+.2f})" if gain else "")

    return rows_of(
        (f"{found['clips']} clips", *(name.replace("_", " ") for name in names)),
        (
            (f"{title}, {layer}", *(cell(role, layer, name) for name in names))
            for role, title in (("tdn", "TDN"), ("baseline", "T-Conv"))
            for layer in found["faithfulness"][role]
        ),
    )


def flow(found: dict) -> list[str]:
    names = ("area", "flow_area", "precision", "recall", "lift", "auc")
    return rows_of(
        ("sequence", *(name.replace("_", " ") for name in names)),
        ((sequence, *(f"{numbers[key]:.3f}" for key in names)) for sequence, numbers in found.items()),
    )
