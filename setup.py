"""Installs the code without its ROS messages; the metadata is in setup.cfg."""

from setuptools import setup

setup()
