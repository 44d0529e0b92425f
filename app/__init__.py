"""The page: a video in, the answers of two networks and where they look out.

`ui` puts the tabs together, `analyse_tab` with `change_panel` and `own_panel` is the first of them. A click goes to
`asking`, which says what the page wants now, and from there to `handlers`, which answer; both return what changes on
the page as a `Shown`. `explainer` runs the networks that `networks` loads and gives the values of `analysis`, which
`results` keeps; `timeline` puts networks that look at different moments on one slider. `views` turns all this into what
the page shows, `pictures` writes files for it, and `viewer` draws that in the browser.

`curve` draws the stroboscope's curve, `motion` measures motion focus, `opening` makes what the page opens on, and
`showcase` the samples' finished results; `gallery` finds the samples, `own_weights` takes a visitor's checkpoint.
`text` holds the sentences, with a file each for those of one part. `lab` is the lesson, `studio` makes figures and
files. `links` holds the addresses of tabs and lab steps, `sharing` what visitors share by consent. `server` holds a
public server's affairs: limits, refusals, the line, uploads, visitors, old files, memory, errors.
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
