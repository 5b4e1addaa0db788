"""The colours of all figures: Okabe and Ito's palette, safe for the colour-blind. It costs no import of Matplotlib."""

BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, ORANGE, BLACK, YELLOW = "#56B4E9", "#E69F00", "#000000", "#F0E442"
GREY, LIGHT_GREY, DARK = "#666666", "#888888", "#1a1a1a"

CLASSES = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, BLACK, YELLOW)
LINES = (*CLASSES[:-1], LIGHT_GREY)  # a yellow line is hardly seen on white
# Of masks, behind the dark background: predict writes them into files of users, so their order stays as it is.
MASKS = (BLUE, VERMILION, GREEN, ORANGE, SKY, PURPLE, YELLOW)
