"""``python -m suyuan.cli``."""

from suyuan.cli.main import main

main()
