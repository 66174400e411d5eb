# pyarrow ships no types, and most of it is compiled or made at import: to a checker everything is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
