"""Where the pages are, as `st.page_link` wants them: beside app.py."""

from pathlib import Path

HERE = Path(__file__).parent
STYLE = HERE / "style.css"
ICON = str(HERE / "icon.svg")
CALLS, CALL, ADD = (f"coach/dashboard/pages/{name}.py" for name in ("calls", "call", "add"))
