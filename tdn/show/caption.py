"""What stands below a figure in a paper: every condition of the maps in words, and what to cite."""

from collections.abc import Sequence

from tdn import __version__
from tdn.explain.methods import METHODS
from tdn.show.collected import LAYER_NAMES, Collected, Look, scaled
from tdn.show.plate import LETTERS, WIDTHS, Plan, chosen_segments, label_of

SCALE_WORDS = {
    "clip": "each map is divided by its own largest value in the clip",
    "shared": "the maps of one clip at one layer are divided by their largest value together",
    "frame": "each frame is divided by its own largest value, so that frames can't be compared",
}
TDN_ENTRY = """\
@inproceedings{wang2021tdn,
  title     = {{TDN}: Temporal Difference Networks for Efficient Action Recognition},
  author    = {Wang, Limin and Tong, Zhan and Ji, Bin and Wu, Gangshan},
  booktitle = {CVPR},
  year      = {2021}
}"""
METHOD_ENTRIES = {
    "grad_cam": """\
@inproceedings{selvaraju2017gradcam,
  title     = {{Grad-CAM}: Visual Explanations from Deep Networks via Gradient-Based Localization},
  author    = {Selvaraju, Ramprasaath R. and Cogswell, Michael and Das, Abhishek and Vedantam, Ramakrishna and
               Parikh, Devi and Batra, Dhruv},
  booktitle = {ICCV},
  year      = {2017}
}""",
    "hirescam": """\
@article{draelos2020hirescam,
  title   = {Use {HiResCAM} instead of {Grad-CAM} for Faithful Explanations of Convolutional Neural Networks},
  author  = {Draelos, Rachel Lea and Carin, Lawrence},
  journal = {arXiv:2011.08891},
  year    = {2020}
}""",
    "layercam": """\
@article{jiang2021layercam,
  title   = {{LayerCAM}: Exploring Hierarchical Class Activation Maps for Localization},
  author  = {Jiang, Peng-Tao and Zhang, Chang-Bin and Hou, Qibin and Cheng, Ming-Ming and Wei, Yunchao},
  journal = {IEEE Transactions on Image Processing},
  year    = {2021}
}""",
    "grad_cam_pp": """\
@inproceedings{chattopadhay2018gradcampp,
  title     = {{Grad-CAM++}: Generalized Gradient-Based Visual Explanations for Deep Convolutional Networks},
  author    = {Chattopadhay, Aditya and Sarkar, Anirban and Howlader, Prantik and Balasubramanian, Vineeth N.},
  booktitle = {WACV},
  year      = {2018}
}""",
    "xgradcam": """\
@inproceedings{fu2020xgradcam,
  title     = {Axiom-based {Grad-CAM}: Towards Accurate Visualization and Explanation of {CNNs}},
  author    = {Fu, Ruigang and Hu, Qingyong and Dong, Xiaohu and Guo, Yulan and Gao, Yinghui and Li, Biao},
  booktitle = {BMVC},
  year      = {2020}
}""",
    "eigencam": """\
@inproceedings{muhammad2020eigencam,
  title     = {{Eigen-CAM}: Class Activation Map using Principal Components},
  author    = {Muhammad, Mohammed Bany and Yeasin, Mohammed},
  booktitle = {IJCNN},
  year      = {2020}
}""",
}


def caption(results: Sequence[Collected], plan: Plan, look: Look) -> str:
    """Method, networks, layers, classes, moments, scale and colours of a figure, as `tdn.show.plate.draw` draws it."""
    shown = [result.at(plan.layers or result.layers, plan.networks) for result in results]
    layers = list(dict.fromkeys(layer for result in shown for layer in result.layers))
    networks = list(dict.fromkeys(name for result in shown for name in result.networks))
    methods = list(dict.fromkeys(result.method for result in shown))
    sentences = [
        f"{_joined(methods)} of {_joined([_with_file(shown, name) for name in networks])} at "
        f"{_joined([_at(layer) for layer in layers])}.",
        *[_of_clip(letter, whole, few, plan) for letter, whole, few in zip(LETTERS, results, shown, strict=False)],
        f"Scale: {SCALE_WORDS[look.scale]}{_largest(results, shown, look)}.",
        _colours(look),
    ]
    if any(one.is_empty for maps in scaled(results, look) for one in maps):
        sentences.append("“none”: the map has no positive evidence.")
    if any(result.change for result in results):
        sentences.append("Words after a class name a change that was made to the clip or the network before.")
    return " ".join([*sentences, f"Made with TDN Lens {__version__}."])


def size_in_words(plan: Plan, height: float) -> str:
    """The size of a figure `height` inches high."""
    width = WIDTHS[plan.width]
    columns = "one column" if plan.width == "one" else "two columns"
    return f"{2.54 * width:.2f} × {2.54 * height:.2f} cm ({columns} of a CVPR paper), letters of 7 points and above"


def bibtex(results: Sequence[Collected]) -> str:
    """The entries that a figure calls for: the networks' paper, and that of each method."""
    named = " ".join(result.method for result in results)
    # Longest names first: Grad-CAM begins that of Grad-CAM++.
    entries, names = [TDN_ENTRY], {method: words.split(" (")[0] for method, words in METHODS.items()}
    for method in sorted(names, key=lambda method: -len(names[method])):
        if names[method] in named:
            named = named.replace(names[method], "")
            entries.append(METHOD_ENTRIES[method])
    return "\n\n".join(entries) + "\n"


def _of_clip(letter: str, whole: Collected, few: Collected, plan: Plan) -> str:
    """Letter, class, moments, and what each network gives the class."""
    segments = chosen_segments(whole, plan)
    times = [f"{whole.times_sec[segment]:.2f}" for segment in segments]
    when = f"at {times[0]} s" if len(times) == 1 else f"at {', '.join(times)} s"
    given = {one.network: one.probability for one in few.maps}
    scores = ", ".join(f"{name} {100 * share:.0f}%" for name, share in given.items())
    return f"({letter}) {label_of(whole)} {when}; probability of the class: {scores}."


def _largest(results: Sequence[Collected], shown: Sequence[Collected], look: Look) -> str:
    """The raw amounts that became 1, without which maps of two networks can't be compared."""
    if look.scale == "frame":
        return ""
    words = []
    for letter, whole, few, maps in zip(LETTERS, results, shown, scaled(results, look), strict=False):
        amounts = {(one.network, one.layer): found.maximum for one, found in zip(whole.maps, maps, strict=True)}
        words += [
            f"({letter}) {one.network} {LAYER_NAMES.get(one.layer, one.layer)} {amounts[one.network, one.layer]:.2g}"
            for one in few.maps
        ]
    return f", which is {'; '.join(words)} of a logit"


def _colours(look: Look) -> str:
    if look.signed:
        return f"Red speaks for the class, blue against it (opacity {look.opacity:g})."
    return (
        f"Colours: {look.colours.split(' (')[0]}, opacity {look.opacity:g}; parts dimmed are not seen by the networks."
    )


def _with_file(results: Sequence[Collected], network: str) -> str:
    files = dict.fromkeys(one.file for result in results for one in result.maps if one.network == network and one.file)
    return f"{network} ({', '.join(files)})" if files else network


def _at(layer: str) -> str:
    return "the final stage" if layer == "final" else LAYER_NAMES.get(layer, layer)


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
