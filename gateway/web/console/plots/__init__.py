"""What people would rather look at than read: figures as shapes, a module each, whose colours are the page's own.

A module makes data into geometry; the macro of its name in `_plots.html` draws it, with a caption that says what there
is to see, and the same as a table.
"""

WIDTH = 1_000  # of a plot, in its own units
