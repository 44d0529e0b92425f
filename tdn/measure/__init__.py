"""What maps are worth, in numbers over many clips: motion focus, faithfulness, the stroboscope's curve."""
