"""This process and this machine: starting Keras, the console, background work, output files, hardware."""

from study.runtime.backend import start as start
