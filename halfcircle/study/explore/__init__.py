"""``halfcircle explore``: a local page on which a place is clicked and its reach is seen."""
