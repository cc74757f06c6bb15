"""VGG-11 in PyTorch on a GPU: what benchmarks/cuda_vgg11.cu is compared with.

    python3 benchmarks/pytorch_vgg11_cuda.py float step 128 20
    python3 benchmarks/pytorch_vgg11_cuda.py float step 128 20 tf32
    python3 benchmarks/pytorch_vgg11_cuda.py float kernel 500 1

Arguments as there: float or double; step (eager: forward, cross-entropy, backward, SGD with momentum), tangent (the
same of the linearized model, by torch.func's jvp and vjp) or kernel (torch.func's Jacobian in chunks of 20 images and
their products); images; repetitions; tf32. Prints the same JSON.
"""

import json
import statistics
import sys

import torch
from torch import nn

from pytorch_vgg11 import vgg11


def training_step(net, inputs, labels):
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9)
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(net(inputs), labels).backward()
        optimizer.step()

    return step


def tangent_step(net, inputs, labels):
    w0 = {name: p.detach() for name, p in net.named_parameters()}
    delta = {name: torch.zeros_like(p) for name, p in w0.items()}
    velocity = {name: torch.zeros_like(p) for name, p in w0.items()}
    loss = nn.CrossEntropyLoss()

    def outputs(w):
        return torch.func.functional_call(net, w, (inputs,))

    def step():
        _, tangent = torch.func.jvp(outputs, (w0,), (delta,))
        value = tangent.detach().requires_grad_()
        loss(value, labels).backward()
        _, pull = torch.func.vjp(outputs, w0)
        (gradient,) = pull(value.grad)
        for name in delta:
            velocity[name].mul_(0.9).add_(gradient[name])
            delta[name].add_(velocity[name], alpha=-1e-6)

    return step


def kernel(net, inputs, chunk=20):
    w = {name: p.detach() for name, p in net.named_parameters()}

    def single(w, x):
        return torch.func.functional_call(net, w, (x.unsqueeze(0),)).squeeze(0)

    jacobian = torch.func.vmap(torch.func.jacrev(single), (None, 0))

    def rows(first):
        j = jacobian(w, inputs[first : first + chunk])
        return torch.cat([b.flatten(2).flatten(0, 1) for b in j.values()], 1)

    def compute():
        images = inputs.shape[0]
        k = torch.empty(10 * images, 10 * images, dtype=inputs.dtype, device="cuda")
        for i in range(0, images, chunk):
            left = rows(i)
            for j in range(0, i + 1, chunk):
                block = left @ rows(j).T
                k[10 * i : 10 * i + block.shape[0], 10 * j : 10 * j + block.shape[1]] = block
                k[10 * j : 10 * j + block.shape[1], 10 * i : 10 * i + block.shape[0]] = block.T
        return k

    return compute


def main():
    scalar = {"float": torch.float32, "double": torch.float64}[sys.argv[1]]
    task, images, repetitions = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    tf32 = "tf32" in sys.argv[5:]
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    torch.set_default_dtype(scalar)
    net = vgg11().cuda()
    for layer in net:
        if isinstance(layer, nn.ReLU):
            layer.inplace = task == "step"
    inputs = torch.randn(images, 3, 32, 32, device="cuda")
    labels = torch.arange(images, device="cuda") % 10
    run = {"step": lambda: training_step(net, inputs, labels), "tangent": lambda: tangent_step(net, inputs, labels),
           "kernel": lambda: kernel(net, inputs)}[task]()
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    run()
    times = []
    for _ in range(repetitions):
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    print(json.dumps({"scalar": sys.argv[1], "task": task, "images": images, "tf32": tf32,
                      "median_s": statistics.median(times), "least_s": min(times), "torch": torch.__version__,
                      "device": torch.cuda.get_device_name()}))


main()
