"""Import this before torchvision (and so before pytorch_grad_cam, which imports it).

PyPI's torchvision holds operators compiled against CUDA torch. Beside a CPU build of torch they can't be loaded, and
`import torchvision` then fails because it registers shape functions for two operators that do not exist. Declaring the
two, without an implementation, is enough: nothing here calls them.
"""

import torch

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def _torchvision_has_operators() -> bool:
    """Let torchvision load its own library if it can: a second definition would be an error."""
    import importlib.util
    from pathlib import Path

    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True  # nothing to mend
    for library in Path(spec.origin).parent.glob("_C*.so"):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            return False
        return True
    return False


if not _torchvision_has_operators():
    _library = torch.library.Library("torchvision", "FRAGMENT")
    for _name, _schema in SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, _name):
            _library.define(_schema)
