"""Networks of torch, for its older exporter: what stands between weighted sums and rectifiers, and how they end."""

import torch
from torch import nn

IMAGE = (1, 8, 8)


class Normalised(nn.Module):
    """The input normalised inside the network, as torchvision's transforms would have done before."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network((x - 0.13) / 0.31)


class ChannelsLast(nn.Module):
    """Takes images (batch, height, width, channels)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x.permute(0, 3, 1, 2))


class ViewAsImage(nn.Module):
    """Takes vectors, and makes images of them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x.view(-1, 1, 8, 8))


def _ends(n_in: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(n_in, 5)]


def _same(kernel: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, kernel, padding="same"), nn.ReLU(), *_ends(192))


# Name -> (module, shape of its input)
NETWORKS = {
    "torch_same": (lambda: _same(3), IMAGE),
    "torch_same_of_even_kernels": (lambda: _same(4), IMAGE),
    "torch_normalised_input": (
        lambda: Normalised(nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), *_ends(108))),
        IMAGE,
    ),
    "torch_batch_norm_behind_relu": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 3, 3, stride=2), nn.ReLU(), *_ends(12)
        ),
        IMAGE,
    ),
    "torch_pool_before_relu": (
        lambda: nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.AvgPool2d(2), nn.ReLU(), *_ends(64)),
        IMAGE,
    ),
    "torch_mean_at_the_end": (
        lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        IMAGE,
    ),
    "torch_convolution_at_the_end": (
        lambda: nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Flatten()),
        IMAGE,
    ),
    "torch_channels_last": (
        lambda: ChannelsLast(nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), *_ends(144))),
        (8, 8, 2),
    ),
    "torch_vector_as_image": (
        lambda: ViewAsImage(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), *_ends(144))),
        (64,),
    ),
}


def made(name: str) -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """The module, its inputs, and its scores for them."""
    make, shape = NETWORKS[name]
    torch.manual_seed(5)
    module = make()
    with torch.no_grad():
        module.train()
        for _ in range(3):  # batch normalisation learns its statistics
            module(torch.rand(16, *shape))
        module.eval()
        x = torch.rand(12, *shape)
        return module, x, module(x)
