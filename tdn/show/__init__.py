"""From maps to what is handed on: pictures, films, figures at their final size, and the words that belong to them."""
