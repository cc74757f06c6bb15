"""VGG-11 in PyTorch on the CPU: what benchmarks/network.cpp is compared with.

    OPENBLAS_NUM_THREADS=1 python3 benchmarks/pytorch_vgg11.py float step 2
    OPENBLAS_NUM_THREADS=1 python3 benchmarks/pytorch_vgg11.py float kernel 2

Arguments: float or double; step (a training step on 128 images: forward, cross-entropy, backward, SGD with
momentum) or kernel (the tangent kernel of 32 images x 10 outputs: the Jacobian, one image a graph and one
backward pass an output, then its product with itself); the number of threads; optionally the number of
repetitions and of images. Prints JSON: medians of wall and processor seconds. Without OPENBLAS_NUM_THREADS=1
PyTorch and OpenBLAS use too many threads and look slow.
"""

import json
import os
import resource
import statistics
import sys
import time

import torch
from torch import nn


def vgg11():
    layers, channels = [], 3
    for filters in [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]:
        if filters == 0:
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(inplace=True)]
            channels = filters
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    assert sum(p.numel() for p in net.parameters()) == 9225610
    return net


def training_step(net, scalar, images):
    inputs = torch.randn(images, 3, 32, 32, dtype=scalar)
    labels = torch.arange(images) % 10
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9)
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(net(inputs), labels).backward()
        optimizer.step()

    return step


def kernel(net, scalar, images):
    inputs = torch.randn(images, 3, 32, 32, dtype=scalar)
    parameters = list(net.parameters())
    sizes = [p.numel() for p in parameters]
    jacobian = torch.empty(10 * images, sum(sizes), dtype=scalar)

    def compute():
        for i in range(images):
            outputs = net(inputs[i : i + 1])[0]
            for k in range(10):
                gradients = torch.autograd.grad(outputs[k], parameters, retain_graph=k < 9)
                begin = 0
                for gradient, size in zip(gradients, sizes):
                    jacobian[10 * i + k, begin : begin + size] = gradient.reshape(-1)
                    begin += size
        return jacobian @ jacobian.T

    return compute


def main():
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        sys.exit("pytorch_vgg11.py: set OPENBLAS_NUM_THREADS=1")
    with open("/proc/self/maps") as maps:
        if any("/blas/libblas" in line for line in maps):
            sys.exit("pytorch_vgg11.py: this torch uses Debian's reference BLAS, expected OpenBLAS "
                     "(Debian: libopenblas0-pthread)")
    scalar = {"float": torch.float32, "double": torch.float64}[sys.argv[1]]
    task, threads = sys.argv[2], int(sys.argv[3])
    repetitions = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    images = int(sys.argv[5]) if len(sys.argv) > 5 else {"step": 128, "kernel": 32}[task]
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    torch.set_default_dtype(scalar)
    run = {"step": training_step, "kernel": kernel}[task](vgg11(), scalar, images)
    run()
    wall, processor = [], []
    for _ in range(repetitions):
        began = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - began[0])
        processor.append(time.process_time() - began[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"scalar": sys.argv[1], "task": task, "threads": threads, "images": images,
                      "wall_s": statistics.median(wall), "cpu_s": statistics.median(processor),
                      "peak_MiB": round(peak)}))


if __name__ == "__main__":
    main()
