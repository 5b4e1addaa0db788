"""Download a known public data set, and lay it out as a folder that training takes."""
