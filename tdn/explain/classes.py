"""Which class is explained."""

from tdn.data.names import loose, one_form


def find_label(labels: list[str], wanted: str) -> int:
    """The index of a class given by its label or its number. Raises ValueError naming close labels.

    Capitals, underscores, white space and composed letters do not count unless two labels differ in nothing else.
    """
    for form in (one_form, loose):
        found = [place for place, label in enumerate(labels) if form(label) == form(wanted)]
        if len(found) > 1:
            raise ValueError(
                f"target {wanted[:100]!r}: classes {found[0]} and {found[1]} are called so; give the number"
            )
        if found:
            return found[0]
    if wanted.isdecimal() and len(wanted) < 10 and int(wanted) < len(labels):
        return int(wanted)
    words = set(wanted.lower().split())
    close = sorted(labels, key=lambda label: -len(words & set(label.lower().split())))[:3]
    raise ValueError(
        f"target {wanted[:100]!r}: no such class; expected an index from 0 to {len(labels) - 1} or a label such as "
        + ", ".join(repr(label) for label in close)
    )
