"""Does torch.compile pay for class scores? The inference copy of TDN-ResNet50 compiled, beside itself and plain.

    python -m studies.speed.compiled [--save]

Needs a C++ compiler. The first call compiles; its wall-clock seconds are reported too.
"""

import argparse
import time

import torch

from studies import report
from studies.speed.measure import seconds
from studies.speed.networks import clip, fast_network, plain_network

ROUNDS = 5


def measured() -> dict:
    """Seconds of each, interleaved, and how far compiled scores are from the others."""
    torch.set_num_threads(1)
    x, fast, plain = clip(), fast_network("tdn"), plain_network("tdn")
    torch._inductor.config.freezing = True
    compiled = torch.compile(fast)
    with torch.inference_mode():
        began = time.perf_counter()
        scores = compiled(x)
        compiling = time.perf_counter() - began
        expected = fast(x)
        plain(x)
        rounds = [[seconds(lambda net=net: net(x)) for net in (compiled, fast, plain)] for _ in range(ROUNDS)]
    middle = ROUNDS // 2
    return {
        "compiled_s": sorted(row[0] for row in rounds)[middle],
        "to_ours": sorted(row[0] / row[1] for row in rounds)[middle],
        "to_plain": sorted(row[0] / row[2] for row in rounds)[middle],
        "compiling_s": compiling,
        "difference": float((scores - expected).abs().max() / expected.std()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write docs/performance.*")
    arguments = parser.parse_args()
    found = measured()
    print(report.table("compiled", found))
    if arguments.save:
        report.save("performance", "compiled", found)


if __name__ == "__main__":
    main()
