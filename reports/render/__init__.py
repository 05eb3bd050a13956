"""The report: one HTML file that loads nothing."""

from reports.render.page import render

__all__ = ["render"]
