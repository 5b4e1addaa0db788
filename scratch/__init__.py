"""The ideas of deep learning in plain NumPy, one file a topic; the README beside this file is the table of contents."""
