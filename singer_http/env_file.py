"""The ``.env`` file of the folder in which a program runs, as ``--config=ENV`` asks for it."""

from __future__ import annotations

from dotenv import find_dotenv, load_dotenv


def read_env_file() -> None:
    """Add what the nearest ``.env`` file says, from the working folder upwards, to the environment.

    A variable that is set already stays as it is. (The SDK itself looks upwards from where it is installed, and
    lets the file win.)
    """
    if path := find_dotenv(usecwd=True):
        load_dotenv(path)
