"""What a step costs: AdamW alone, with an L1 penalty of ours, and of other packages.

    python -m benchmarks.networks.overhead [--threads 1 2] [--device cpu] [--repeats 30]

A perceptron of 10 million parameters, batches of 256, float32. Variants take turns, so that a slow
minute of the machine hits all of them; the median of each is given. Run it on a quiet machine.

The floor: a step must move its streams through memory. AdamW reads the gradient and reads and
writes the weights and two moments (7 streams); the proximal step reads the second moment and reads
and writes the weights (3). Bandwidth is that of a copy or of a multiplication in place, whichever
is faster, on tensors four times as large as the weights: too large for a cache.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW

from benchmarks.networks.peers import version
from benchmarks.networks.truth import markdown
from shrinkage.torch import L1, Rule, attach

WIDTHS = (784, 2048, 2048, 2048, 10)
BATCH = 256
ALPHA = 1e-5

Work = Callable[[], object]


class Bench:
    """A network with gradients, and functions to time on it."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        torch.manual_seed(0)
        self.X = torch.randn(BATCH, WIDTHS[0], device=self.device)
        self.y = torch.randint(WIDTHS[-1], (BATCH,), device=self.device)

    def network(self) -> nn.Module:
        """Return a new network with a gradient."""
        layers: list[nn.Module] = []
        for n_in, n_out in pairwise(WIDTHS):
            layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        model = nn.Sequential(*layers[:-1]).to(self.device)
        self.pass_through(model)
        return model

    def pass_through(self, model: nn.Module) -> None:
        """Go forward and backward."""
        model.zero_grad()
        cross_entropy(model(self.X), self.y).backward()

    def plain(self, **options: bool) -> Work:
        """Return AdamW's step."""
        model = self.network()
        return AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, **options).step

    def ours(self, **options: bool) -> Work:
        """Return AdamW's step with an L1 penalty on all weights."""
        model = self.network()
        optimizer = AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, **options)
        attach(optimizer, model, [Rule("*.weight", L1(ALPHA))])
        return optimizer.step

    def torchao(self) -> Work:
        """Return the step of torchao's PruneOptimizer around AdamW, on the same weights."""
        from torchao.prototype.pat.optim import PruneOptimizer

        model = self.network()
        weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
        biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
        sparse = {"params": weights, "group_type": "ElemGrouper", "prox_type": "ProxLasso"}
        base = AdamW([sparse, {"params": biases}], lr=1e-4, weight_decay=0.0)
        return PruneOptimizer(base, reg_lambda=ALPHA).step

    def lassonet(self) -> Work:
        """Return AdamW's step followed by LassoNet's, which is for the first layer only."""
        from lassonet.model import LassoNet

        model = LassoNet(*WIDTHS).to(self.device)
        self.pass_through(model)
        optimizer = AdamW(model.parameters(), lr=1e-4, weight_decay=0.0)

        def step() -> None:
            optimizer.step()
            model.prox(lambda_=1e-4 * ALPHA, M=10.0)

        return step

    def training(self) -> Work:
        """Return forward, backward and AdamW's step."""
        model = self.network()
        optimizer = AdamW(model.parameters(), lr=1e-4, weight_decay=0.0)

        def step() -> None:
            self.pass_through(model)
            optimizer.step()

        return step

    def bandwidth(self) -> float:
        """Return the bytes a second that a copy or a multiplication in place moves."""
        source = torch.ones(4 * n_weights(), device=self.device)
        target = torch.ones_like(source)
        works: list[Work] = [lambda: target.copy_(source), lambda: source.mul_(1.0)]
        least = min(self.time_of(work) for _ in range(10) for work in works)
        return 2 * source.nbytes / least

    def works(self) -> tuple[dict[str, Work], list[str]]:
        """Return everything to time, and the packages that are missing."""
        made: dict[str, Work] = {
            "forward, backward, AdamW": self.training(),
            "AdamW": self.plain(),
            "AdamW + shrinkage L1": self.ours(),
            "AdamW(fused=True)": self.plain(fused=True),
            "AdamW(fused=True) + shrinkage L1": self.ours(fused=True),
        }
        missing = []
        for package, make in (("torchao", self.torchao), ("lassonet", self.lassonet)):
            found = version(package)
            if found is None:
                missing.append(f"{package} is not installed: left out")
            else:
                made[f"AdamW + {package} {found}"] = make()
        return made, missing

    def time_of(self, work: Work) -> float:
        """Return the seconds of one call."""
        self.wait()
        start = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - start

    def wait(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def n_weights() -> int:
    """Return the number of parameters of the network."""
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(WIDTHS))


def medians(bench: Bench, works: dict[str, Work], repeats: int) -> dict[str, float]:
    """Return the median time of each, taken in turns after two warm-up rounds."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for k in range(repeats + 2):
        for name, work in works.items():
            seconds = bench.time_of(work)
            if k >= 2:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def report(found: dict[str, float], bandwidth: float, threads: str) -> str:
    """Return the table of one number of threads, and what it says."""
    adamw, fused = found["AdamW"], found["AdamW(fused=True)"]
    whole = found["forward, backward, AdamW"]
    rows = []
    for name, seconds in found.items():
        cells = [name, f"{1e3 * seconds:.1f}", "", "", ""]
        if " + " in name:
            base = fused if "fused" in name else adamw
            extra = seconds - base
            cells[2:] = [f"{1e3 * extra:.1f}", f"{extra / adamw:.2f}", f"{extra / whole:.1%}"]
        rows.append(cells)
    header = ["step", "ms", "extra, ms", "extra / AdamW", "extra / whole step"]
    stream = 4 * n_weights() / bandwidth
    floor = (
        f"Memory: {bandwidth / 1e9:.1f} GB/s. Floor of 3 streams {3e3 * stream:.1f} ms, of AdamW's "
        f"7 {7e3 * stream:.1f} ms; AdamW takes {adamw / (7 * stream):.1f} times its floor by "
        f"default, {fused / (7 * stream):.1f} times fused."
    )
    return f"### {threads}\n\n{markdown(header, rows)}\n\n{floor}\n"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=30)
    options = parser.parse_args()
    is_cpu = options.device == "cpu"
    where = platform.processor() or platform.machine()
    where = where if is_cpu else torch.cuda.get_device_name()
    print(f"{n_weights():,} parameters, batch {BATCH}, torch {torch.__version__}, {where}\n")
    missing: list[str] = []
    for threads in options.threads if is_cpu else [1]:
        torch.set_num_threads(threads)
        bench = Bench(options.device)
        works, missing = bench.works()
        title = f"{threads} thread{'s' if threads > 1 else ''}" if is_cpu else options.device
        print(report(medians(bench, works, options.repeats), bench.bandwidth(), title))
    for sentence in missing:
        print(sentence)


if __name__ == "__main__":
    main()
