"""A bundle checked on a machine that has nothing of ours running: by the command, and by tools of any distribution."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from agreements.signing.bundle import read, zipped
from tests.support.credit import CreditWorld
from underwriting.platform.seal_key import SealKey

TOOLS = ("openssl", "xmlsec1", "pdfsig", "pdfdetach")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]


@pytest.fixture
def folder(credit: CreditWorld, bundle: bytes, tmp_path: Path) -> Path:
    """What a stranger has: the bundle, and who vouches for it from BankID and the lender."""
    (tmp_path / "BUNDLE.zip").write_bytes(bundle)
    shutil.copy(credit.bankid.certificates.root, tmp_path / "bankid-roots.pem")
    shutil.copy(credit.runtime.settings.document_seal.certificate, tmp_path / "lender.pem")
    return tmp_path


def public_key(credit: CreditWorld) -> str:
    return SealKey(credit.runtime.settings.seal_key.reveal()).public.hex()


def borgen(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in *folder*, in an environment that holds nothing at all."""
    script = Path(sys.executable).parent / "borgen"
    return subprocess.run(
        [sys.executable, str(script), "verify", "document", *arguments],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_in_the_readme_needs_no_database_and_no_settings(credit: CreditWorld, folder: Path) -> None:
    """S1: the bundle, the lender's public key and certificate and BankID's roots; every step is told."""
    readme = read((folder / "BUNDLE.zip").read_bytes())["README.md"].decode()
    (command,) = re.findall(r"    borgen verify document (BUNDLE\.zip[^`]*?)\n\n", readme)
    done = borgen(folder, *command.replace("\\\n", " ").split(), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["holds"] is True
    steps = [(one["place"], one["step"].split(".")[0]) for one in told["findings"] if one["step"][:1].isdigit()]
    assert steps == [
        *(("sealed.pdf", str(number)) for number in range(1, 8)),
        ("log.jsonl", "8"),
        *(("signature-1", str(number)) for number in range(1, 11)),
    ]


def test_the_command_names_what_was_changed(credit: CreditWorld, folder: Path) -> None:
    """S3: a flipped byte of the sealed file, by its steps; and a certificate that is somebody else's."""
    files = dict(read((folder / "BUNDLE.zip").read_bytes()))
    sealed = bytearray(files["sealed.pdf"])
    sealed[len(sealed) // 2] ^= 1
    (folder / "changed.zip").write_bytes(zipped(files | {"sealed.pdf": bytes(sealed)}))
    roots = ("--roots", "bankid-roots.pem", "--public-key", public_key(credit))
    done = borgen(folder, "changed.zip", *roots)
    assert done.returncode == 1
    refused = [line for line in done.stdout.splitlines() if line.startswith("NO")]
    assert "NO  sealed.pdf  2. Nothing has changed since it was sealed" in refused
    assert {line.split()[1] for line in refused} == {"sealed.pdf", "log.jsonl"}
    done = borgen(folder, "BUNDLE.zip", *roots, "--seal-certificates", "bankid-roots.pem")
    refused = [line for line in done.stdout.splitlines() if line.startswith("NO")]
    assert refused == ["NO  sealed.pdf  4. The seal's certificate is trusted and was valid then"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("nowhere.zip", "neither a file nor the id"), ("lender.pem", "cannot be read as a signed document")],
)
def test_what_is_no_bundle_is_told_in_a_sentence(credit: CreditWorld, folder: Path, name: str, told: str) -> None:
    done = borgen(folder, name, "--roots", "bankid-roots.pem", "--public-key", public_key(credit))
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")
def test_the_readmes_commands_hold_as_they_stand(credit: CreditWorld, folder: Path) -> None:
    """S1: a stranger needs none of our programs: sums, certificates, status, both signatures by other tools."""
    zipfile.ZipFile(folder / "BUNDLE.zip").extractall(folder)
    told = run_readme(folder)
    for line in (
        "sealed.pdf: OK",
        "Signature Verified Successfully",
        "SignedInfo References (ok/all): 2/2",
        "same text",
        "Response verify OK",
        "person.pem: good",
        "Signature Validation: Signature is Valid.",
        "Total document signed",
        "begins with what was signed",
        "same evidence",
        "CAdES Verification successful",
    ):
        assert line in told
    nonce, fingerprint = re.findall(r"0420([0-9A-F]{40})", told), re.findall(r"^([0-9a-f]{40})  -$", told, re.M)
    assert [one.lower() for one in nonce] == fingerprint
    subject = re.findall(r"serialNumber=(\d{12})", told)
    assert subject == [json.loads((folder / "manifest.json").read_bytes())["signatures"][0]["signatory"]]
    assert told.count(json.loads((folder / "manifest.json").read_bytes())["document"]["sha256"]) == 2


@pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")
@pytest.mark.parametrize("name", ["document.pdf", "sealed.pdf", "signature-1/signature.b64", "signature-1/text.txt"])
def test_the_readmes_commands_find_a_changed_file(folder: Path, name: str) -> None:
    """S3: by the sum that the lender has signed, whatever the file is."""
    zipfile.ZipFile(folder / "BUNDLE.zip").extractall(folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    blocks = commands((folder / "README.md").read_text())
    assert f"{name}: FAILED" in shell(folder, blocks[0])


def run_readme(folder: Path) -> str:
    """Every block of commands in the README, the signature's in one shell and the seal's in another."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    collected, sealed = (
        datetime.fromisoformat(at).astimezone()
        for at in (manifest["signatures"][0]["collected_at"], manifest["sealed"]["at"])
    )
    *of_signature, seen, again = commands((folder / "README.md").read_text())
    first = "\n".join(of_signature).replace("INSTANT", collected.strftime("%Y-%m-%d %H:%M:%S"))
    told = shell(folder, "set -e\n" + first.replace("SECONDS", str(int(collected.timestamp()))))
    told += shell(folder, "set -e\n" + seen)
    ((end, start),) = re.findall(r"\[0 - (\d+)\], \[(\d+) - \d+\]", told)
    by_openssl = again.replace("END", end).replace("START", start).replace("SECONDS", str(int(sealed.timestamp())))
    return told + shell(folder, "set -e\n" + by_openssl)


def commands(readme: str) -> list[str]:
    """The indented blocks of the numbered steps."""
    steps = readme.split("## Check it without")[1]
    return [
        block.replace("\n       ", "\n") for block in re.findall(r"(?:^       \S.*\n(?:^       .*\n)*)", steps, re.M)
    ]


def shell(folder: Path, script: str) -> str:
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr
