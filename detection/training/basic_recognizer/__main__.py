r"""Makes what the built-in recognizer adds to PocketSphinx.

    python -m detection.training.basic_recognizer --data ../shared/data --out resources/transcript \
        --calls tests/data/talk_dev.jsonl tests/data/disclosure_dev.jsonl

The steps: language (helpdesk.lm.bin and helpdesk.dict; a minute) and band (upper_band.npz; needs
PyTorch, five minutes). Give one of them with `--step` to run it alone.
"""

import argparse
from pathlib import Path

from detection.training.basic_recognizer.build_language import WEIGHTS, build_language

STEPS = ("language", "band")


def main() -> None:
    """Run the steps asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and voice/")
    parser.add_argument("--calls", type=Path, nargs="*", default=[], help="written calls to learn from")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--step", choices=STEPS, help="only this step")
    parser.add_argument("--threshold", type=float, default=1.3e-7, help="of pruning: less is larger")
    parser.add_argument(
        "--weights", type=float, nargs=len(WEIGHTS), default=list(WEIGHTS.values()),
        help=f"of {', '.join(WEIGHTS)}",
    )  # fmt: skip
    parser.add_argument("--clips", type=int, default=700, help="recordings for the band")
    options = parser.parse_args()
    for step in (options.step,) if options.step else STEPS:
        print(f"== {step}", flush=True)
        if step == "language":
            build_language(
                options.data / "text", options.calls, options.out, options.threshold, options.weights
            )
        else:
            # PyTorch is needed for this step alone.
            from detection.training.basic_recognizer.learn_upper_band import learn_upper_band

            learn_upper_band(options.data, options.out / "upper_band.npz", options.clips)


if __name__ == "__main__":
    main()
