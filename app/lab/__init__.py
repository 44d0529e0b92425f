"""The lesson: ten steps that show what each part of TDN adds, every picture and score made here and now.

`steps` are its texts and addresses, `tab` layout and wiring, `handlers` what a click does, `lessons` what is computed,
`views` and `numbers` how it is shown, `board` and `film` what the browser draws and films, `text` the sentences.
"""
