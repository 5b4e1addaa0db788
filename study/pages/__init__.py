"""The parts of a one-file page and of a figure."""

import logging

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # else it tells at length where it may not keep its fonts
