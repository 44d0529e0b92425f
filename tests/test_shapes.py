import pytest
import torch

from tdn.shapes import expect_shape, fold, unfold


def test_unfold_undoes_fold():
    x = torch.randn(2, 8, 3, 4)
    assert torch.equal(unfold(fold(x), 8), x)


def test_fold_keeps_the_segments_of_a_clip_together():
    x = torch.arange(6).reshape(2, 3)
    assert fold(x).tolist() == [0, 1, 2, 3, 4, 5]


def test_expect_shape_says_what_was_expected_and_what_came():
    with pytest.raises(ValueError, match=r"clip: expected \[N, 8, 5, 3, H, W\], got \[2, 4, 5, 3, 9, 9\]"):
        expect_shape(torch.zeros(2, 4, 5, 3, 9, 9), "clip", ("N", 8, 5, 3, "H", "W"))


def test_expect_shape_refuses_another_number_of_axes():
    with pytest.raises(ValueError, match="expected"):
        expect_shape(torch.zeros(8, 3), "clip", ("N", 8, 3))
