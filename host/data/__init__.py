"""Samples, and how they become what a chip's input rows see.

Read, in this order:

    samples     inputs as they were stored, and how to scale them to [0, 1]
    source      what a data set with a name is
    datasets    what there is, by name; `folders`: where it is looked for
    mirrors     where it can be had: the table; `getting`: what of it is missing; `download`: one file, whole or not
    scaling     which stored values mean 0 and 1; `notes`: what seems wrong with a data set
    formats     .npz files and the idx files of MNIST; `mnist16`, `yinyang`, `cifar10`: what these need of their own
    windows     samples cut into windows that a chip sees one after another
    suited      settings that suit a data set by its name, or by what its samples are
    parts       training and validation part
    shift       images moved by pixels; `rotation`: turned by small angles; `augmentation`: for a chip that learns
    encoding    what an encoding is
    encoders    from values to events of a window; compiled, since a chip must not wait for them

`README.md` says to a user what there is and how to get it.

May know: `settings`, the host's errors, files and locks, the events of `chipsim` and their widths in `chipsim.layout`,
short words of `chipsim.design`, the tools of `chipsim.simd` and `chipsim.random`. Never a teacher or a chip.

To add a data set: a class in `datasets`, its name in `host/settings/defaults.py` with what suits it. With it goes a
test in `tests/host/data/test_data.py` against its source, and its name in `tests/host/cli/test_cli.py`. Another package
offers one under the entry point group `chipsim.datasets`, and needs none of this.

To add an encoding: a function and a class in `encoders`, its name and meaning in `host/settings/choices.py`;
CONTRIBUTING.md has the recipe, also for another package, which offers one under `chipsim.encoders`. With it goes a slow
reference in `tests/host/data/test_encoders.py`, from which it may not differ by a bit. What is random in it is a
function of the seed, the window's number, the input and the step.
"""

from host.data.augmentation import Augmentation
from host.data.cifar10 import find_cifar10
from host.data.datasets import load, place_of, source_named
from host.data.encoders import Encoder, encoding_named
from host.data.encoding import Encoding
from host.data.folders import data_folders, find_mnist, told_places
from host.data.formats import dataset_of
from host.data.getting import Gotten, get
from host.data.mirrors import RemoteFile
from host.data.mnist16 import shrunk
from host.data.parts import learned_and_checked, n_learned, some_of, split
from host.data.rotation import Rotation
from host.data.samples import Dataset, Samples
from host.data.scaling import describe
from host.data.shift import Shift
from host.data.source import DataPlace, DataSource
from host.data.suited import Suited, are_colour_images, suited_to
from host.data.windows import mean_window
from host.settings import DATA_SOURCES, ENCODERS

__all__ = [
    "DATA_SOURCES",
    "ENCODERS",
    "Augmentation",
    "DataPlace",
    "DataSource",
    "Dataset",
    "Encoder",
    "Encoding",
    "Gotten",
    "RemoteFile",
    "Rotation",
    "Samples",
    "Shift",
    "Suited",
    "are_colour_images",
    "data_folders",
    "dataset_of",
    "describe",
    "encoding_named",
    "find_cifar10",
    "find_mnist",
    "get",
    "learned_and_checked",
    "load",
    "mean_window",
    "n_learned",
    "place_of",
    "shrunk",
    "some_of",
    "source_named",
    "split",
    "suited_to",
    "told_places",
]
