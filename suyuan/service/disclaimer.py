"""What every estimate is shown with."""

from typing import Final

NOT_A_FINDING: Final = "Machine estimate, not a finding. 机器推断，非违法认定。"
