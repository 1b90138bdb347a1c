"""Faces over time: their track ids, steady probabilities, and the emotions to publish."""
