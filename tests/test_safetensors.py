"""Files are read as they say, and files that lie are answered by one sentence."""

import json
import struct
import tracemalloc
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symlib._safetensors import FORMATS, open_arrays, read_npz, read_safetensors

CODES = {dtype.str.lstrip("<|"): code for code, dtype in FORMATS.items() if code != "BF16"}


def written(path, header, content=b""):
    """Write a safetensors file with a header, given as JSON or as bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return path


def saved(path, arrays):
    """Write arrays as the format wants it."""
    header, content = {"__metadata__": {"format": "np"}}, b""
    for name, array in arrays.items():
        code = "BF16" if array.dtype == ml_dtypes.bfloat16 else CODES[array.dtype.str.lstrip("<|")]
        begin, content = len(content), content + array.tobytes()
        offsets = [begin, len(content)]
        header[name] = {"dtype": code, "shape": array.shape, "data_offsets": offsets}
    return written(path, header, content)


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    """Return what a header says of one array."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


class TestReads:
    """What was written comes back."""

    @pytest.mark.parametrize("code", FORMATS)
    def test_each_format(self, code, tmp_path):
        """All formats that are not quantized, bit for bit."""
        dtype = ml_dtypes.bfloat16 if code == "BF16" else FORMATS[code]
        array = np.array([[0, 1, 2], [3, 5, 7]]).astype(dtype)
        ((name, got),) = read_safetensors(saved(tmp_path / "a.safetensors", {"a.b": array}))
        assert name == "a.b"
        assert got.shape == (2, 3)
        assert np.array_equal(got, array.astype(np.float32) if code == "BF16" else array)

    def test_bfloat16_is_the_upper_half_of_float32(self, tmp_path):
        """All 65,536 of them, as another library reads them."""
        array = np.arange(2**16, dtype=np.uint16).view(ml_dtypes.bfloat16)
        ((_, got),) = read_safetensors(saved(tmp_path / "a.safetensors", {"a": array}))
        assert got.dtype == np.float32
        assert np.array_equal(got, array.astype(np.float32), equal_nan=True)

    def test_scalars_empty_arrays_and_files_without_arrays(self, tmp_path):
        """What has no numbers has a shape."""
        arrays = {"a": np.float32(2).reshape(()), "b": np.zeros((0, 3), "f4")}
        got = dict(read_safetensors(saved(tmp_path / "a.safetensors", arrays)))
        assert {name: array.shape for name, array in got.items()} == {"a": (), "b": (0, 3)}
        only = {"b": arrays["b"]}
        ((_, empty),) = read_safetensors(saved(tmp_path / "b.safetensors", only))
        assert empty.shape == (0, 3)
        assert list(read_safetensors(written(tmp_path / "c.safetensors", {}))) == []

    def test_numbers_at_odd_places(self, tmp_path):
        """A header of any length shifts the numbers off their boundaries."""
        array = np.arange(5, dtype="<f8")
        text = json.dumps({"a": entry("F64", (5,), (0, 40))}).encode()
        for padding in range(8):
            path = written(tmp_path / "a.safetensors", text + b" " * padding, array.tobytes())
            ((_, got),) = read_safetensors(path)
            assert np.array_equal(got, array)

    def test_an_array_costs_no_memory_until_it_is_used(self, tmp_path):
        """The file is mapped, not read."""
        path = saved(tmp_path / "a.safetensors", {"a": np.ones(2**21, "f4")})
        tracemalloc.start()
        ((_, array),) = read_safetensors(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2**20
        assert not array.flags.writeable

    def test_an_archive(self, tmp_path):
        """Packed or not."""
        arrays = {"w/kernel:0": np.ones((2, 3), "f4"), "b": np.zeros(0)}
        for save in (np.savez, np.savez_compressed):
            save(tmp_path / "a.npz", **arrays)
            got = dict(open_arrays(tmp_path / "a.npz"))
            assert got.keys() == arrays.keys()
            assert np.array_equal(got["w/kernel:0"], arrays["w/kernel:0"])


LIES = {
    "cut header": (b"{", "no JSON text"),
    "a list": ([], r"the header \[\]"),
    "a text for an array": ({"a": "F32"}, "for 'a'"),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 8]}}, "for 'a'"),
    "unknown dtype": ({"a": entry("F17")}, "the dtype 'F17' of 'a'"),
    "quantized": ({"a": entry("F8_E4M3")}, "the dtype 'F8_E4M3'"),
    "huge and empty": ({"a": entry(shape=(2**40, 2**40, 0), offsets=(0, 0))}, "the shape"),
    "dtype of no kind": ({"a": entry([])}, "the dtype"),
    "negative shape": ({"a": entry(shape=(-2,))}, r"the shape \[-2\]"),
    "shape of true": ({"a": entry(shape=(True, 2))}, "the shape"),
    "shape of floats": ({"a": entry(shape=(2.0,))}, "the shape"),
    "huge shape": ({"a": entry(shape=(2**62, 2**62))}, "the shape"),
    "negative offsets": ({"a": entry(offsets=(-8, 0))}, "the offsets"),
    "offsets the wrong way": ({"a": entry(offsets=(8, 0))}, "the offsets"),
    "offsets of three": ({"a": entry(offsets=(0, 4, 8))}, "the offsets"),
    "100 GB declared": ({"a": entry(shape=(25 * 10**9,), offsets=(0, 10**11))}, "header says"),
    "shape of more": ({"a": entry(shape=(3,))}, r"8 bytes for the shape \[3\]"),
    "overlap": ({"a": entry(), "b": entry(shape=(1,), offsets=(4, 8))}, "overlaps"),
    "hole": ({"a": entry(shape=(1,), offsets=(4, 8))}, "leaves a hole"),
    "too few numbers": ({"a": entry(shape=(1,), offsets=(0, 4))}, "8 bytes of numbers"),
    "the same name twice": (
        b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "a": 1}',
        "the name 'a' twice",
    ),
    "control characters": ({"a\x1b[31m": entry()}, "printable"),
    "line breaks": ({"a\nb": entry()}, "printable"),
    "no name": ({"": entry()}, "printable"),
    "deep": (b"[" * 100_000, "no JSON text"),
    "a long number": (b'{"a": ' + b"1" * 5000 + b"}", "too long"),
    "not text": (b"\xff\xfe", "no JSON text"),
    "many axes": ({"a": entry(shape=(1,) * 40, offsets=(0, 4))}, "the shape"),
}


class TestRefuses:
    """One sentence, before any array is made."""

    @pytest.mark.parametrize("lie", LIES)
    def test_a_header_that_lies(self, lie, tmp_path):
        """Each part of the header is compared with the others and with the file."""
        header, told = LIES[lie]
        with pytest.raises(ValueError, match=f"^(path|arrays) must .*{told}") as caught:
            read_safetensors(written(tmp_path / "a.safetensors", header, bytes(8)))
        assert "\n" not in str(caught.value)
        assert "\x1b" not in str(caught.value)

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "0 bytes"),
            (b"1234567", "7 bytes"),
            (struct.pack("<Q", 100) + b"{}", "a header of 100 bytes in a file of 10"),
            (struct.pack("<Q", 2**63), f"a header of {2**63} bytes"),
        ],
    )
    def test_a_file_that_is_too_short(self, content, told, tmp_path):
        """The length comes first, and may say anything."""
        path = tmp_path / "a.safetensors"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=told):
            read_safetensors(path)

    def test_a_header_longer_than_any(self, tmp_path):
        """A file with holes is as long as it says, and nothing is read."""
        path = tmp_path / "a.safetensors"
        with path.open("wb") as file:
            file.write(struct.pack("<Q", 2 * 10**8))
            file.truncate(3 * 10**8)
        with pytest.raises(ValueError, match="at most 100 MB"):
            read_safetensors(path)

    @pytest.mark.parametrize(
        "path", [None, 3, b"a.npz", [], "", "none.npz", "a\0b", "/", "x" * 5000]
    )
    def test_what_is_no_path_of_a_file(self, path):
        """Not a number either, which could be an open file."""
        for read in (open_arrays, read_safetensors, read_npz):
            with pytest.raises((TypeError, ValueError), match=r"^path must be the path of a file"):
                read(path)

    def test_a_file_that_may_not_be_read(self, tmp_path, monkeypatch):
        """The system's reason is told."""
        path = saved(tmp_path / "a.safetensors", {"a": np.ones(2)})

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
        with pytest.raises(ValueError, match="can be read, got Permission denied"):
            read_safetensors(path)
        monkeypatch.setattr(zipfile, "ZipFile", refuse)
        with pytest.raises(ValueError, match="can be read, got Permission denied"):
            read_npz(path)

    @pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".PKL"])
    def test_a_pickle_is_told_how_to_become_another_file(self, ending, tmp_path):
        """It is not opened at all."""
        path = tmp_path / f"a{ending}"
        path.write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
        with pytest.raises(ValueError, match=r"run code.*safetensors\.torch\.save_file"):
            open_arrays(path)

    def test_another_ending(self, tmp_path):
        """Formats are not guessed."""
        (tmp_path / "a.h5").touch()
        with pytest.raises(ValueError, match=r"path must end in \.safetensors or \.npz"):
            open_arrays(tmp_path / "a.h5")

    def test_an_archive_of_objects_is_not_unpickled(self, tmp_path):
        """NumPy would run what they say."""
        np.savez(tmp_path / "a.npz", a=np.array([print], dtype=object))
        with pytest.raises(ValueError, match=r"without pickled objects, got some in 'a\.npy'"):
            read_npz(tmp_path / "a.npz")

    def test_an_archive_of_other_things(self, tmp_path):
        """And an archive that is none."""
        path = tmp_path / "a.npz"
        path.write_bytes(b"PK")
        with pytest.raises(ValueError, match="path must be a whole npz archive"):
            read_npz(path)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "x")
        with pytest.raises(ValueError, match=r"the entry 'a\.txt'"):
            read_npz(path)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", b"x")
        with pytest.raises(ValueError, match=r"^path must"):
            read_npz(path)

    def test_an_archive_that_declares_100_gb(self, tmp_path):
        """The shape is compared with the bytes that are there."""
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (25000000000,)}"
        text = header.ljust(117).encode() + b"\n"
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text))
            archive.writestr("a.npy", start + text + bytes(8))
        with pytest.raises(ValueError, match=r"8 bytes for the shape \(25000000000,\)"):
            read_npz(tmp_path / "a.npz")

    def test_a_flood_in_an_archive(self, tmp_path, monkeypatch):
        """Zeros are packed a thousand to one."""
        monkeypatch.setattr("symlib._safetensors._SMALL_ENOUGH", 2**10)
        np.savez_compressed(tmp_path / "a.npz", a=np.zeros(2**20))
        with pytest.raises(ValueError, match="8388608 bytes packed in"):
            read_npz(tmp_path / "a.npz")

    def test_numbers_that_are_damaged(self, tmp_path):
        """A checksum tells, when the array is asked for."""
        path = tmp_path / "a.npz"
        np.savez(path, a=np.arange(100.0))
        content = bytearray(path.read_bytes())
        content[400] ^= 255
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"whole npz archive, got .*CRC"):
            list(read_npz(path))


def answer(read, path):
    """Read all of a file, and return the sentence that is said where that fails."""
    try:
        arrays = list(read(path))
    except ValueError as error:
        return str(error)
    assert sum(array.size for _, array in arrays) <= path.stat().st_size
    return ""


def damaged(honest, changes, cut):
    """Change some bytes of a file and leave out the last ones."""
    content = bytearray(honest)
    for place, byte in changes:
        content[place % len(content)] = byte
    return bytes(content[: len(content) - cut])


changes = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6)
cuts = st.just(0) | st.integers(0, 200)


@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("read", [read_safetensors, read_npz])
def test_fuzzed_files_are_read_or_answered(read, count, tmp_path):
    """No other exception, whatever bytes are changed and wherever the file is cut."""
    path = tmp_path / "a"
    if read is read_npz:
        with path.open("wb") as file:
            np.savez_compressed(file, a=np.arange(6.0).reshape(2, 3), b=np.ones(3, "f4"))
        honest = path.read_bytes()
    else:
        header = json.dumps({"a": entry(), "b": entry("BF16", (2, 2), (8, 16))}).encode()
        honest = written(path, header, bytes(range(16))).read_bytes()

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(changes, cuts)
    def answered(changed, cut):
        path.write_bytes(damaged(honest, changed, cut))
        said = answer(read, path)
        assert said == "" or said.startswith(("path must", "arrays must"))
        assert said.isprintable()

    answered()
