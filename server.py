"""ASGI entry point: ``uvicorn server:app`` serves the store that SUYUAN_STORE names."""

from suyuan.api.app import make_app

app = make_app()
