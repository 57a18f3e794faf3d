"""Fabricates the samples of six partners: the layouts in which HR systems send people.

    python tests/data/partners/make.py [FOLDER]

Writes into partner_configs, or into a folder of that shape. The same bytes every time. Nobody in them exists.
"""

from __future__ import annotations

import sys
from pathlib import Path

import adp
import hris
import payroll
import roster
import sap
import workday
from people import CONFIGS

LAYOUTS = (workday, adp, sap, roster, payroll, hris)


def main() -> None:
    """Write the samples anew."""
    configs = Path(sys.argv[1]) if len(sys.argv) > 1 else CONFIGS
    for layout in LAYOUTS:
        samples = configs / layout.PARTNER / "samples"
        samples.mkdir(parents=True, exist_ok=True)
        for name, content in layout.files().items():
            (samples / name).write_bytes(content)


if __name__ == "__main__":
    main()
