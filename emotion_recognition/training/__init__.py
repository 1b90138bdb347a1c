"""Training, quantization and export of the packaged models. Needs torch; never imported by the nodes."""
