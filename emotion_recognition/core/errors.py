"""Errors that a user can act on; each message says what was wrong and what to do."""


class ModelError(RuntimeError):
    """A packaged model that is missing, altered or not what its manifest says."""


class BackendError(RuntimeError):
    """A backend that is unknown, not installed, or cannot run the model."""
