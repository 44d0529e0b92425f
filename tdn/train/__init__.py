"""Training: recipes, the loop, and runs that can be killed and resumed. Needs no decoder, no gradio, no grad-cam."""
