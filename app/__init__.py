"""The page: a video in, the answers of two networks and where they look out.

`ui` lays out and wires, `handlers` answers clicks, `explainer` runs networks and gives the values of `analysis`,
`views` turns those into what the page shows, `viewer` draws that in the browser. `lab` is layout and events of the
lesson, `lessons` computes for it, `lab_views` draws. `motion` measures motion focus, `showcase` holds the samples'
finished results, `own_weights` and `own_panel` take a visitor's checkpoint. `gallery` finds the samples, `text` holds
the sentences. `server` holds a public server's affairs: limits, refusals, uploads, visitors, old files, memory, errors.
"""

import os
import tempfile

from app.server.memory import share_pools

# Before the first import of gradio, which reads them then.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Statistics of the last events, which nobody sees here, are computed anew after every event.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
# A folder of our own: Gradio's is shared with every other Gradio server of the machine.
os.environ.setdefault("GRADIO_TEMP_DIR", os.path.join(tempfile.gettempdir(), "tdn-lens"))

if os.environ.get("SYSTEM") == "spaces":
    # A Space stands behind a proxy; without this every visitor has the proxy's address, and they share one rate limit.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")

share_pools()
