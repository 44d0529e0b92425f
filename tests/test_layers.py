"""The import levels of the project: a room imports only from lower levels, and heavy packages have one door."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEVELS = {
    "app": 5,
    "tdn.cli": 5,
    "tdn.__main__": 6,
    "tdn.export": 4.5,
    "tdn.show": 4,
    "tdn.measure": 4,
    "tdn.train": 3,
    "tdn.explain": 3,
    "tdn.doctor": 3,
    "tdn.networks": 2.5,
    "tdn.evaluate": 2,
    "tdn.weights": 2,
    "tdn.motion": 1.5,
    "tdn.model": 1,
    "tdn.data": 1,
    "tdn.shapes": 0,
    "tdn.device": 0,
    "tdn.launch": 0,
    "tdn.letters": 0,
    "tdn.lfs": 0,
    "tdn.output": 0,
    "tdn.words": 0,
    "tdn": 0,
}
UPWARDS = {("tdn/data/__init__.py", "tdn.motion")}  # `tdn.data.synthetic_clip`, a public name, read when asked for
ONE_DOOR = {
    "gradio": ("app/",),
    "av": ("tdn/data/video/",),
    "decord": ("tdn/data/video/",),
    "pytorch_grad_cam": ("tdn/explain/methods.py",),
    "typer": ("tdn/cli/",),
    "transformers": ("tdn/networks/huggingface.py",),
    "onnx": ("tdn/export/",),
    "onnxruntime": ("tdn/export/",),
}


def files() -> list[Path]:
    return [*sorted((ROOT / "tdn").rglob("*.py")), *sorted((ROOT / "app").rglob("*.py")), ROOT / "app.py"]


def room(module: str) -> str:
    """The longest prefix of a module's name that has a level."""
    parts = module.split(".")
    while ".".join(parts) not in LEVELS:
        parts.pop()
    return ".".join(parts)


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_rooms_import_only_from_lower_levels():
    broken = []
    for path in files():
        here = room(module_name(path))
        for name in imports(path):
            if name.split(".")[0] not in ("tdn", "app"):
                continue
            there = room(name)
            if (path.relative_to(ROOT).as_posix(), there) in UPWARDS:
                continue
            if there not in (here, "tdn") and LEVELS[there] >= LEVELS[here]:
                broken.append(f"{path.relative_to(ROOT)} ({here}) imports {name} ({there})")
    assert not broken, "\n".join(broken)


def test_maps_know_no_network_of_ours():
    """What explains speaks of `tdn.networks` alone; there all kinds of networks are known."""
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files()
        if module_name(path).startswith("tdn.explain")
        for name in imports(path)
        if name.startswith("tdn.model")
    ]
    assert not broken, "\n".join(broken)


def test_the_app_never_imports_training():
    broken = [p.name for p in files() if module_name(p).startswith("app") for n in imports(p) if "tdn.train" in n]
    assert not broken


def test_the_product_never_imports_its_studies():
    broken = [path.name for path in files() for name in imports(path) if name.split(".")[0] in ("studies", "tests")]
    assert not broken


def test_heavy_packages_have_one_door():
    broken = []
    for path in files():
        place = path.relative_to(ROOT).as_posix()
        for name in imports(path):
            doors = ONE_DOOR.get(name.split(".")[0])
            if doors and not place.startswith((*doors, "app.py")):
                broken.append(f"{place} imports {name}")
    assert not broken, "\n".join(broken)


def test_checkpoints_load_where_decoders_drawing_and_the_page_are_missing():
    missing = "cv2 av decord gradio matplotlib pytorch_grad_cam torchvision transformers typer".split()
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({missing})); import tdn.weights, tdn.data, tdn.data.decoding"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_training_imports_where_decoders_grad_cam_and_the_page_are_missing():
    missing = ("av", "decord", "gradio", "pytorch_grad_cam", "torchvision", "transformers", "typer")
    program = f"import sys; sys.modules.update(dict.fromkeys({missing})); import tdn.train.run, tdn.networks"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
