"""Charts of a fit, by Matplotlib, as SVG that takes its colours from the page."""

from openface_bridge.report.charts.errors import error_chart
from openface_bridge.report.charts.jacobian import jacobian_chart
from openface_bridge.report.charts.trajectories import pose_chart, update_chart

__all__ = ["error_chart", "jacobian_chart", "pose_chart", "update_chart"]
