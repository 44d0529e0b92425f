"""Start the page: `python app.py --port 7860`. Hugging Face Spaces runs this file."""

import argparse
import os

from app.server.settings import Settings
from app.ui import build, launch_options


def main() -> None:
    parser = argparse.ArgumentParser(description="TDN Lens: what do two video networks look at?")
    parser.add_argument("--host", default=os.environ.get("HOST"), help="this machine only, if left out (or HOST)")
    parser.add_argument(
        "--port", type=int, default=os.environ.get("PORT") or "7860", help="7860, if left out (or PORT)"
    )
    parser.add_argument("--device", help="cpu, cuda or cuda:0; CUDA where there is one, if left out (or DEVICE)")
    given = parser.parse_args()
    try:
        settings = Settings.from_environment()
        settings.expect_private(given.host)
        page = build(given.device, settings)
        page.launch(server_name=given.host, server_port=given.port, **launch_options(settings))
    except (ValueError, OSError) as error:  # a setting that makes no sense, a port that is taken
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
