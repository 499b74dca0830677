"""Bringing encoders in: what is refused, with what to do, and that nothing of it stays."""

import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from ml import encoders, modelstore
from ml.errors import BadEncoder, DamagedModel
from ml.modelstore.packing import download
from ml.modelstore.uploading import upload
from tests.ml.making import content, make_entry
from tests.ml.networks import onnx_entry, ssl_entry

ENTRY = {"name": "mine", "version": "1", "kind": "colour", "licence": "none"}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def colours(**more: bytes) -> dict[str, bytes]:
    return {"e/encoder.json": json.dumps(ENTRY).encode(), **{f"e/{name}": data for name, data in more.items()}}


def tarred(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        data = json.dumps(ENTRY).encode()
        info = tarfile.TarInfo("encoder.json")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
        for member in members:
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    return path


def linked(name: str, kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def refused(source: Path, models: Path, message: str, **options: Any) -> None:
    with pytest.raises(BadEncoder, match=message):
        upload(source, models, "mine", **options)
    assert not [path for path in models.rglob("*") if path.is_file()]


def test_what_is_downloaded_can_be_uploaded_and_gives_the_same_vectors(models: Path, tmp_path: Path) -> None:
    first = modelstore.publish(ssl_entry(tmp_path / "e", half=True), models, "mine")
    archive = download(modelstore.find(models, "mine"), tmp_path)
    assert archive.name == "mine-1.zip"
    second = upload(archive, tmp_path / "other", "theirs")
    changed = {name for name, data in content(first).items() if content(second)[name] != data}
    assert changed == {"encoder.json", "checksums.json"}  # the name is another
    modelstore.verify(second)


def test_a_download_is_whole_or_not_at_all(models: Path, tmp_path: Path) -> None:
    folder = modelstore.publish(make_entry(tmp_path / "e"), models, "mine")
    (folder / "encoder.json").write_text("{}")
    with pytest.raises(DamagedModel, match=r"encoder.json was changed"):
        download(modelstore.find(models, "mine"), tmp_path)
    assert not list(tmp_path.glob("*.zip"))


def test_a_folder_and_a_tar_are_taken(models: Path, tmp_path: Path) -> None:
    assert upload(make_entry(tmp_path / "e"), models, "mine").name == "1"
    assert upload(tarred(tmp_path / "e.tar.gz"), models).parent.name == "mine"


def test_weights_alone_need_to_be_described(models: Path, tmp_path: Path) -> None:
    weights = ssl_entry(tmp_path / "e") / "weights.safetensors"
    refused(weights, models, "has no encoder.json, which says what the weights are")
    config = {"kind": "timm", "architecture": "test_resnet.r160_in1k", "size": 32, "licence": "MIT"}
    folder = upload(weights, models, "mine", config=config)
    told = json.loads((folder / "encoder.json").read_text())
    assert (told["dim"], told["licence"], encoders.load(folder).dim) == (96, "MIT", 96)


def test_an_onnx_file_alone_is_taken_with_its_checksum(models: Path, tmp_path: Path) -> None:
    file = onnx_entry(tmp_path / "e", bands=5) / "model.onnx"
    folder = upload(file, models, "mine", config={"kind": "onnx", "size": 32, "dim": 96, "bands": 5})
    assert len(json.loads((folder / "encoder.json").read_text())["sha256"]) == 64


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "pytorch_model.bin", "last.ckpt", "model.pkl"])
def test_a_pickle_is_refused_with_what_to_do(models: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02}q\x00.")
    refused(tmp_path / name, models, r"can run any code .* python -m ml\.modelstore convert")
    refused(zipped(tmp_path / "e.zip", colours(**{name: b"\x80\x02}"})), models, "can run any code")


@pytest.mark.parametrize("start", [b"\x80\x02}q\x00.", b"PK\x03\x04" + bytes(40), b"\x80\x04\x95" + bytes(40)])
def test_a_pickle_under_another_name_is_refused(models: Path, tmp_path: Path, start: bytes) -> None:
    refused(zipped(tmp_path / "e.zip", colours(**{"weights.safetensors": start})), models, "is a pickle .* any code")
    refused(zipped(tmp_path / "f.zip", colours(**{"model.onnx": start})), models, "is a pickle under another name")


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "a/../../evil.json", "C:\\evil.json", "..\\x.json"])
def test_paths_that_lead_elsewhere_are_refused(models: Path, tmp_path: Path, name: str) -> None:
    refused(zipped(tmp_path / "e.zip", {**colours(), name: b"{}"}), models, "path that leads elsewhere")
    assert not list(tmp_path.rglob("evil.json"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(models: Path, tmp_path: Path, kind: bytes) -> None:
    refused(tarred(tmp_path / "e.tgz", linked("weights.safetensors", kind, "/etc/passwd")), models, "link or device")


def test_a_link_in_a_zip_is_refused(models: Path, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("weights.safetensors")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "e.zip", models, "link or device")


def test_what_unpacks_to_too_much_is_refused(models: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.safetensors", bytes(3 * 2**20))
    refused(tmp_path / "bomb.zip", models, "unpacks to more than", most_bytes=2**20)


def test_a_zip_that_lies_about_its_size_is_refused(models: Path, tmp_path: Path) -> None:
    path = zipped(tmp_path / "e.zip", {"a.txt": bytes(5000)})
    data = path.read_bytes().replace(struct.pack("<I", 5000), struct.pack("<I", 50))
    path.write_bytes(data)
    refused(path, models, "damaged or no archive|unpacks to more than|no encoder.json", most_bytes=1000)


def test_very_many_files_are_refused(models: Path, tmp_path: Path) -> None:
    refused(zipped(tmp_path / "e.zip", {f"{i}.txt": b"" for i in range(99)}), models, "more than 64 files")


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04 cut short", b"PK\x05\x06"])
def test_what_is_no_archive_is_refused(models: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "e.zip").write_bytes(data)
    refused(tmp_path / "e.zip", models, "damaged or no archive|has no encoder.json")


def test_damage_on_the_way_is_found(models: Path, tmp_path: Path) -> None:
    folder = modelstore.publish(make_entry(tmp_path / "e"), models, "mine")
    files = content(folder) | {"encoder.json": content(folder)["encoder.json"].replace(b"none", b"ours")}
    refused_in = tmp_path / "other"
    refused(zipped(tmp_path / "e.zip", files), refused_in, "What arrived is not what was published: encoder.json")


def test_a_checkpoint_of_another_architecture_is_refused(models: Path, tmp_path: Path) -> None:
    folder = ssl_entry(tmp_path / "e", after={"architecture": "test_vit.r160_in1k"})
    refused(
        folder, models, r"weights.safetensors holds the weights of another architecture: \d+ of its \d+ tensors are"
    )


def test_a_checkpoint_of_other_bands_is_refused(models: Path, tmp_path: Path) -> None:
    folder = ssl_entry(tmp_path / "e", bands=4, after={"bands": 3, "mean": [0.5] * 3, "std": [0.5] * 3})
    refused(
        folder, models, r"1 have another shape \(first conv1.0.weight: \(\d+, 4, 3, 3\) instead of \(\d+, 3, 3, 3\)\)"
    )


def test_weights_that_are_not_finite_are_refused(models: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    path = ssl_entry(tmp_path / "e") / "weights.safetensors"
    save_file({key: np.full_like(value, np.nan) for key, value in load_file(path).items()}, path)
    refused(path.parent, models, "not finite")


def test_another_dimension_than_stated_is_refused(models: Path, tmp_path: Path) -> None:
    refused(ssl_entry(tmp_path / "e", dim=512), models, "makes vectors of 96 numbers; encoder.json says 512")


def test_in_a_process_of_its_own_the_reason_arrives(models: Path, tmp_path: Path) -> None:
    refused(make_entry(tmp_path / "e", kind="magic"), models, "unknown kind 'magic'", isolated=True)
    assert upload(make_entry(tmp_path / "good"), models, "mine", isolated=True).name == "1"
