"""Where data sets can be had: files, their sizes and SHA-256, and the places that offer them. The one table.

MNIST: Y. LeCun, C. Cortes, C. J. C. Burges. The sums were computed here from files whose MD5 are those that torchvision
publishes (torchvision/datasets/mnist.py). CIFAR-10: A. Krizhevsky 2009. The archive's MD5 stands on its page
(c32a1d4ab5d03f1284b67883e8d87530); its size and SHA-256 are as others publish them (GoMLX, torchvision-ruby). Those of
the six files in it were computed here from the images themselves, and are what torchvision-ruby publishes, too. MXNet's
mirror holds another archive of the same files, so it is not among these.
"""

from __future__ import annotations

from typing import NamedTuple


class RemoteFile(NamedTuple):
    """A file that can be downloaded."""

    name: str
    n_bytes: int
    sha256: str  # 64 hex digits in small letters
    mirrors: tuple[str, ...]  # addresses of folders that hold it, the most likely first


_MNIST = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
_CIFAR10 = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://cave.cs.toronto.edu/kriz/",
)

MNIST = (
    RemoteFile(
        "train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        _MNIST,
    ),
    RemoteFile(
        "train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        _MNIST,
    ),
    RemoteFile(
        "t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        _MNIST,
    ),
    RemoteFile(
        "t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        _MNIST,
    ),
)

CIFAR10 = RemoteFile(
    "cifar-10-binary.tar.gz",
    170_052_171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    _CIFAR10,
)
# SHA-256 of the files in it, each of 10,000 records: a byte for the class, then 1,024 of red, of green and of blue.
CIFAR10_BATCHES = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}
