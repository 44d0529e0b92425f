"""TDN Lens: Temporal Difference Networks (Wang et al., CVPR 2021, arXiv 2012.10071), their maps and their training.

Shape legend, used in every file: `N` clips, `T` segments, `L` = 5 frames in a window, `C` channels, `H W` pixels
or cells, `K` classes. A model input is `[N, T, L, 3, H, W]`, float32, RGB, ImageNet-normalised; frames outside a
model are `uint8 [..., H, W, 3]`, RGB.

One path leads through the code: file -> `data.video.read_frames` -> `data.sampling` (indices [T, 5]) ->
`data.transforms` (clip) -> `model.TDN.forward` -> logits -> `explain.grad_cam` (raw maps [T, h, w]) ->
`explain.scale`, `show.overlay` -> page, figure, video.
"""

__version__ = "0.1.0"
