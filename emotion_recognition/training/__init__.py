"""Training, quantization and export of the packaged models. Never imported by the nodes."""
