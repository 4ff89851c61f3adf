"""Read the arrays of a file, one at a time, without running anything that the file holds.

A safetensors file is a length of eight bytes, a header of that length in JSON, which gives the
format, the shape and the place of each array, and the numbers. All of it is checked before any
array is made: a file that is cut, or that lies about itself, is answered by one sentence. The
numbers are looked at through a memory map, so that an array costs no memory until it is used;
bfloat16, which NumPy does not know, is the upper half of float32 and becomes that.

An npz archive is read by NumPy, with pickles refused. Files of PyTorch (.pt, .pth, .bin) are
pickles, which run code when they are read: they are not read here.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from symlib._arrays import shown

__all__ = ["FORMATS", "NamedArrays", "admit_name", "open_arrays", "read_npz", "read_safetensors"]

NamedArrays = Iterator[tuple[str, npt.NDArray[Any]]]

# What a safetensors file may hold, as NumPy reads it. bfloat16 is told apart by its name.
FORMATS: Final[dict[str, np.dtype[Any]]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"),
    "U32": np.dtype("<u4"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
    "C64": np.dtype("<c8"),
}
_LONGEST_HEADER: Final = 100_000_000  # bytes, as in the reader of the format's authors
_MOST_AXES: Final = 32
_SMALL_ENOUGH: Final = 2**30  # bytes that an entry of an archive may unpack to, however small it is
_LARGEST_RATIO: Final = 100  # by which a larger one may be packed
_PICKLES: Final = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")


class _Place(NamedTuple):
    """Where the numbers of an array lie: their format, shape, and bytes after the header."""

    name: str
    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


class _Declared(NamedTuple):
    """What an entry of an archive says of itself, and the bytes that its numbers take."""

    info: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    there: int


def open_arrays(path: str | os.PathLike[str]) -> NamedArrays:
    """Yield the names and arrays of a file, whose ending says which format it has."""
    ending = _admit_path(path).suffix.lower()
    if ending == ".safetensors":
        return read_safetensors(path)
    if ending == ".npz":
        return read_npz(path)
    if ending in _PICKLES:
        raise ValueError(
            f"path must end in .safetensors or .npz, got {ending}: such files are pickles, which "
            "run code when they are read; in a place you trust, load it with "
            "torch.load(path, weights_only=True) and save it with safetensors.torch.save_file"
        )
    raise ValueError(f"path must end in .safetensors or .npz, got {shown(os.fspath(path))}")


def read_safetensors(path: str | os.PathLike[str]) -> NamedArrays:
    """Yield the name and the array of each tensor of a safetensors file, in the order of the file.

    Parameters
    ----------
    path : str or os.PathLike
        The file. Its header is checked at once, its numbers are looked at when they are asked for.

    Returns
    -------
    iterator of (str, array)
        Arrays are read-only views of the file; those of bfloat16 are float32 copies.

    Raises
    ------
    ValueError
        If the file cannot be read, is cut, or is not as its header says: a header longer than the
        file, an unknown format, places that overlap or leave holes, a name that comes twice.

    Examples
    --------
    >>> import struct, tempfile
    >>> from pathlib import Path
    >>> header = b'{"bias": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}'
    >>> content = struct.pack("<Q", len(header)) + header + bytes.fromhex("803f00c0")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.safetensors"
    ...     _ = path.write_bytes(content)
    ...     list(read_safetensors(path))
    [('bias', array([ 1., -2.], dtype=float32))]
    """
    file = _admit_path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            _admit_lengths(size, length)
            text = stream.read(length)
    except OSError as error:
        raise ValueError(f"path must be a file that can be read, got {_reason(error)}") from None
    places = _places(_parsed(text), size - 8 - length)
    return _mapped(file, 8 + length, places)


def read_npz(path: str | os.PathLike[str]) -> NamedArrays:
    """Yield the name and the array of each entry of an npz archive, none of them a pickle."""
    file = _admit_path(path)
    try:
        declared = _declared(file)
    except OSError as error:
        raise ValueError(f"path must be a file that can be read, got {_reason(error)}") from None
    except Exception as error:  # whatever damaged archives make NumPy and zipfile say
        raise ValueError(f"path must be a whole npz archive, got {_reason(error)}") from None
    for entry in declared:
        _admit_entry(entry)
    return _unpacked(file)


def admit_name(name: object) -> str:
    """Return the name of an array when it is a text that can be shown in a terminal as it is."""
    if not isinstance(name, str) or not name or not name.isprintable():
        raise ValueError(f"arrays must have names in printable characters, got {shown(name)}")
    return name


def _admit_path(path: object) -> Path:
    wanted = "path must be the path of a file"
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{wanted}, got {shown(path)}")
    file = Path(path)
    try:
        is_file = file.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        raise ValueError(f"{wanted}, got {shown(os.fspath(path))}, where there is none")
    return file


def _admit_lengths(size: int, length: int) -> None:
    """Refuse a header that is longer than the file, or than any header."""
    wanted = "path must be a safetensors file"
    if size < 8:
        raise ValueError(f"{wanted}, got {size} bytes")
    if length > size - 8:
        raise ValueError(f"{wanted}, got a header of {length} bytes in a file of {size}")
    if length > _LONGEST_HEADER:
        raise ValueError(f"{wanted} with a header of at most 100 MB, got {length} bytes")


def _parsed(text: bytes) -> dict[str, Any]:
    """Return the header, in which no name comes twice."""

    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"path must be a safetensors file, got the name {shown(twice)} twice")
        return found

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=without_duplicates)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError(
            "path must be a safetensors file, got a header that is no JSON text"
        ) from None
    except ValueError as error:
        if str(error).startswith("path"):
            raise
        raise ValueError("path must be a safetensors file, got a number too long") from None
    if not isinstance(header, dict):
        raise ValueError(f"path must be a safetensors file, got the header {shown(header)}")
    header.pop("__metadata__", None)
    return header


def _places(header: dict[str, Any], available: int) -> list[_Place]:
    """Return where the arrays lie, side by side and from the first byte to the last."""
    places = [_place(name, entry) for name, entry in header.items()]
    places.sort(key=lambda place: (place.begin, place.end))
    reached = 0
    for place in places:
        if place.begin != reached:
            kind = "overlaps another" if place.begin < reached else "leaves a hole"
            raise ValueError(
                f"path must be a safetensors file, got an array {shown(place.name)} that {kind}"
            )
        reached = place.end
    if reached != available:
        raise ValueError(
            f"path must be a whole safetensors file, got {available} bytes of numbers where its "
            f"header says {reached}"
        )
    return places


def _place(name: str, entry: Any) -> _Place:
    """Return one entry of the header once its parts agree."""
    admit_name(name)
    wanted = "path must be a safetensors file"
    keys = ("dtype", "shape", "data_offsets")
    if not isinstance(entry, dict) or any(key not in entry for key in keys):
        raise ValueError(f"{wanted}, got {shown(entry)} for {shown(name)}")
    kind = entry["dtype"]
    shape = entry["shape"]
    offsets = entry["data_offsets"]
    if not isinstance(kind, str) or kind not in FORMATS:
        raise ValueError(
            f"{wanted} of numbers that are not quantized, got the dtype {shown(kind)} of "
            f"{shown(name)}"
        )
    if not _are_lengths(shape) or len(shape) > _MOST_AXES or not _fits(shape):
        raise ValueError(f"{wanted}, got the shape {shown(shape)} of {shown(name)}")
    if not _are_lengths(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ValueError(f"{wanted}, got the offsets {shown(offsets)} of {shown(name)}")
    begin, end = offsets
    if math.prod(shape) * FORMATS[kind].itemsize != end - begin:
        raise ValueError(
            f"{wanted}, got {end - begin} bytes for the shape {shown(shape)} of {shown(name)}"
        )
    return _Place(name, kind, tuple(shape), begin, end)


def _are_lengths(value: Any) -> bool:
    """Tell whether this is a list of whole numbers of at least 0."""
    if not isinstance(value, list):
        return False
    return all(type(number) is int and 0 <= number < 2**63 for number in value)


def _fits(shape: list[int]) -> bool:
    """Tell whether NumPy can write down such a shape, also where an axis has the length 0."""
    return math.prod(max(length, 1) for length in shape) < 2**48


def _mapped(file: Path, start: int, places: list[_Place]) -> NamedArrays:
    """Yield the arrays as they lie in the file."""
    if not any(place.end > place.begin for place in places):
        for place in places:
            yield place.name, np.zeros(place.shape, FORMATS[place.kind])
        return
    content = np.memmap(file, dtype=np.uint8, mode="r", offset=start)
    for place in places:
        numbers = content[place.begin : place.end].view(FORMATS[place.kind])
        array = np.asarray(numbers).reshape(place.shape)
        if place.kind == "BF16":
            array = _from_bfloat16(array)
        yield place.name, array


def _from_bfloat16(halves: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return numbers whose upper 16 bits are given, in single precision."""
    bits = halves.astype(np.uint32)
    bits <<= np.uint32(16)
    return bits.view(np.float32)


def _declared(file: Path) -> list[_Declared]:
    """Return what an archive says of its entries, before any is unpacked."""
    found = []
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            shape: tuple[int, ...] = ()
            dtype: np.dtype[Any] | None = None
            there = 0
            if info.filename.endswith(".npy"):
                with archive.open(info) as stream:
                    version = np.lib.format.read_magic(stream)
                    read = np.lib.format.read_array_header_1_0
                    if version != (1, 0):
                        read = np.lib.format.read_array_header_2_0
                    shape, _, dtype = read(stream)
                    there = info.file_size - stream.tell()
            found.append(_Declared(info, shape, dtype, there))
    return found


def _admit_entry(entry: _Declared) -> None:
    """Refuse an entry that is no array, holds objects, or would unpack to a flood."""
    wanted = "path must be a whole npz archive"
    name = admit_name(entry.info.filename)
    if entry.dtype is None:
        raise ValueError(f"{wanted} of arrays, got the entry {shown(name)}")
    if entry.dtype.hasobject:
        raise ValueError(f"{wanted} without pickled objects, got some in {shown(name)}")
    packed = max(entry.info.compress_size, 1)
    if entry.there > max(_SMALL_ENOUGH, _LARGEST_RATIO * packed):
        raise ValueError(f"{wanted}, got {entry.there} bytes packed in {packed} in {shown(name)}")
    if math.prod(entry.shape) * entry.dtype.itemsize != entry.there:
        raise ValueError(
            f"{wanted}, got {entry.there} bytes for the shape {entry.shape} in {shown(name)}"
        )


def _unpacked(file: Path) -> NamedArrays:
    """Yield the arrays of an archive, each read when it is asked for."""
    with np.load(file, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                array = archive[name]
            except Exception as error:  # whatever damaged archives make zipfile and zlib say
                raise ValueError(
                    f"path must be a whole npz archive, got {_reason(error)} in {shown(name)}"
                ) from None
            yield name, array


def _reason(error: Exception) -> str:
    """Return what another library says, in one line."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
