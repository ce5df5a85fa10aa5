"""The things that can be drawn: each takes a palette and choices and gives the SVG of one object.

Objects stand in a square of 400, about 200 wide and high, with their feet at y = 320.
"""
