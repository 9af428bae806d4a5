"""Write a bill of materials (CycloneDX 1.5): ``python packaging/sbom.py > ingestd.cdx.json``.

Packages, versions and hashes come from requirements.lock, licences from NOTICE, models from models/manifest.yaml.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE)
_LICENCE = re.compile(r"^  ([a-z0-9-]+)  +(.+?)(?:\n {20,}(.+))?$", re.MULTILINE)
_VERSION = re.compile(r'__version__ = "(.+)"')


def bill() -> dict[str, Any]:
    """Return the bill; the same sources give the same bytes."""
    version = version_of(ROOT)
    components = [*_packages(), *_models()]
    content = json.dumps(components, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'ingestd {version} {content}')}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "ingestd",
                "name": "ingestd",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": "ingestd", "dependsOn": [component["bom-ref"] for component in components]}],
    }


def version_of(root: Path) -> str:
    """Return the version of the source tree."""
    found = _VERSION.search((root / "ingestd" / "__init__.py").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def _packages() -> list[dict[str, Any]]:
    licences = {
        name: " ".join(part for part in (first, more) if part)
        for name, first, more in _LICENCE.findall((ROOT / "NOTICE").read_text(encoding="utf-8"))
    }
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "licenses": [{"license": {"name": licences[name]}}],
            "hashes": [
                {"alg": "SHA-256", "content": digest} for digest in sorted(re.findall(r"sha256:([0-9a-f]{64})", hashes))
            ],
        }
        for name, version, hashes in _PIN.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    ]


def _models() -> list[dict[str, Any]]:
    manifest = yaml.safe_load((ROOT / "models" / "manifest.yaml").read_text(encoding="utf-8"))
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{model['name']}",
            "name": model["name"],
            "version": model["sha256"][:12],
            "licenses": [{"license": {"id": model["licence"]}}],
            "hashes": [{"alg": "SHA-256", "content": model["sha256"]}],
        }
        for model in manifest["models"]
    ]


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=1)
    print()
