"""The page: a video in, the answers of two networks and where they look out.

`ui` lays out and wires, `handlers` answers clicks, `explainer` runs networks, `views` turns its results into what the
page shows, `viewer` draws that in the browser. `lab` is layout and events of the lesson, `lessons` computes for it,
`lab_views` draws. `gallery` finds the samples, `text` holds the sentences, `settings` the limits, `guards` what a
public page refuses, `zero` borrows a GPU on Spaces.
"""

import os

# Before the first import of gradio, which reads it then.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

if os.environ.get("SYSTEM") == "spaces":
    # A Space stands behind a proxy; without this every visitor has the proxy's address, and they share one rate limit.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")
