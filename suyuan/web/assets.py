"""The pages and files that the server hands to a browser. All of them come with the package."""

from importlib.resources import files
from pathlib import Path

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self' blob:",
        "connect-src 'self' ws:",
        "font-src 'self' data:",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'none'",
    )
)
"""Value of the ``Content-Security-Policy`` header under which both pages work.

The query page's editor sets styles by script, hence ``'unsafe-inline'`` for styles; no script is inline.
"""


def static_directory() -> Path:
    """Folder of the files to be served at ``/static``.

    Returns
    -------
    An existing folder. The package is installed as files, never run from inside an archive.
    """
    return Path(str(files("suyuan.web"))) / "static"


def landing_page(*, explorer: bool = True) -> str:
    """HTML of the page at ``/``. Its links are relative, so the server may sit below a path prefix.

    Parameters
    ----------
    explorer : whether the server has ``/graphiql`` and ``/schema.graphql``, which are linked only then
    """
    text = (static_directory() / "index.html").read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- explorer -->")
    links, _, after = rest.partition("<!-- end of explorer -->")
    return before + (links if explorer else "") + after


def graphiql_page() -> str:
    """HTML of the query page at ``/graphiql``.

    Its files are those of :func:`static_directory` at ``/static``, its queries go to ``/graphql``, both
    relative to the page.
    """
    return (static_directory() / "graphiql" / "index.html").read_text(encoding="utf-8")
