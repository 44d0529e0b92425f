"""What a server that others reach needs besides the page.

`settings` holds its limits, `guards` the addresses it does not answer, `uploads` the inputs for files, `visitors` who
asks and how often, `errors` one sentence for what goes wrong; `sweeping` deletes old files, `memory` gives back what is
free, `zero` borrows a GPU on Spaces.
"""
