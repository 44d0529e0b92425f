"""Uploads and results go after their time, whoever forgot them; nothing else does."""

import threading
from pathlib import Path

import gradio as gr
import pytest

from app.server.sweeping import sweep, tidy_on_schedule

UPLOAD, RESULT, UNDER_WAY = "ab" * 32, "cd" * 16, "tmpabc_1xyz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An upload, a result and an upload that broke off, beside a file and a link that are none of ours."""
    for name in (UPLOAD, RESULT):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.mp4").write_bytes(b"video")
    (tmp_path / UNDER_WAY).write_bytes(b"half")
    (tmp_path / "letters.txt").write_text("keep")
    (tmp_path / "other").mkdir()
    (tmp_path / ("ef" * 32)).symlink_to(tmp_path / "other")
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_old_goes_and_what_is_not_ours_stays(folder: Path):
    sweep(folder, keep_sec=-1)
    assert names(folder) == {"letters.txt", "other", "ef" * 32}


def test_what_is_young_stays(folder: Path):
    before = names(folder)
    sweep(folder, keep_sec=60)
    assert names(folder) == before and (folder / UPLOAD / "clip.mp4").exists()


def test_a_file_that_the_page_itself_shows_stays_young(folder: Path):
    shown = folder / UPLOAD / "clip.mp4"
    before = shown.stat().st_ctime_ns
    sweep(folder, keep_sec=60, needed={shown, folder / "gone.mp4"})
    assert shown.stat().st_ctime_ns > before


def test_the_folder_is_swept_while_the_page_lives(folder: Path):
    with gr.Blocks() as page:
        gr.Markdown("")
    tidy_on_schedule(page, folder, keep_sec=-1, every_sec=0.01)
    waiting = threading.Event()
    for _ in range(1000):
        if UPLOAD not in names(folder):
            return
        waiting.wait(0.01)
    raise AssertionError("the upload is still there")


def test_sweeping_goes_on_after_an_error(folder: Path):
    class Page:
        """Gradio's page on a bad day: it can't say what it shows, the first time."""

        asked = 0

        @property
        def blocks(self) -> dict:
            self.asked += 1
            if self.asked == 1:
                raise RuntimeError("dictionary changed size during iteration")
            return {}

    page = Page()
    tidy_on_schedule(page, folder, keep_sec=-1, every_sec=0.01)
    waiting = threading.Event()
    while UPLOAD in names(folder) and page.asked < 100:
        waiting.wait(0.01)
    assert UPLOAD not in names(folder)


def test_a_folder_that_is_not_there_yet_is_no_error(tmp_path: Path):
    sweep(tmp_path / "gone", keep_sec=0)
