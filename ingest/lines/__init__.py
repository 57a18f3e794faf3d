"""A value back to its line: one row of a stored file as it came, what read each of its cells, and what came of it.

line = looking.look(acting, import_id, Spot(812))
"""
