"""The Streamlit pages: each of `pages/` fetches its data and hands it to functions that draw, and do nothing else."""
