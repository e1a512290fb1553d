"""Grades from what is measured or said: CTCAE grades of laboratory and vital values, PRO-CTCAE composites. Missing is never zero."""
